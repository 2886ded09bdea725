import { EXIT, PortledgerError } from '../../base/errors.js';

/** The records to remove were changed: removing them would destroy the proof of that. None of them was removed. */
export class RetainRefusedError extends PortledgerError {
  override readonly code = 'retain-refused';
  override readonly exitCode = EXIT.verificationFailed;

  constructor(what: string) {
    super(what, { hint: 'nothing of it was removed; run portledger verify, and keep the trail as evidence' });
  }
}

import { EXIT, PortledgerError } from '../../base/errors.js';

/** What is to be removed is not what was once written: removing it would destroy the proof of that. Nothing of it was removed. */
export class RetainRefusedError extends PortledgerError {
  override readonly code = 'retain-refused';
  override readonly exitCode = EXIT.verificationFailed;

  constructor(what: string) {
    super(what, { hint: 'nothing of it was removed; run portledger verify, and keep the trail as evidence' });
  }
}

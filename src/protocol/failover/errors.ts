import { PortledgerError } from '../../base/errors.js';

/** The partner sent a malformed message. The connection must end, because the framing may be lost. */
export class FailoverWireError extends PortledgerError {
  override readonly code = 'failover-wire';
}

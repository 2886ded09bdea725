import { PortledgerError } from '../../base/errors.js';

/** What a partner sent is no message of this protocol; the connection cannot go on, for its framing may be lost. */
export class FailoverWireError extends PortledgerError {
  override readonly code = 'failover-wire';
}

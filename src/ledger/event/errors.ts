import { PortledgerError } from '../../base/errors.js';

/** Stored bytes that are not an event: the queue file is damaged or was written by something else. */
export class EventEncodingError extends PortledgerError {
  override readonly code = 'event-encoding';
}

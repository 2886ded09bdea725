import { PortledgerError } from '../base/errors.js';

/** The queue file cannot be opened or is not what it should be; nothing can be served or shipped from it. */
export class QueueError extends PortledgerError {}

/** A commit did not happen: disk full, input/output error, file locked. Nothing of it was stored. */
export class QueueWriteError extends PortledgerError {}

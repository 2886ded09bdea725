import { messageOf, PortledgerError } from '../../base/errors.js';

/** The queue file cannot be opened or is not what it should be; nothing can be served or shipped from it. */
export class QueueError extends PortledgerError {
  override readonly code = 'queue';
}

/** A commit did not happen: disk full, input/output error, file locked. Nothing of it was stored. */
export class QueueWriteError extends PortledgerError {
  override readonly code = 'queue-write';
}

/** What SQLite says of a file that is not whole, as the operator should read it; anything else stays as it is. */
export function damagedQueue(file: string, error: unknown): unknown {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown };
  if (!/^SQLITE_CORRUPT/.test(String(code))) return error;
  return new QueueError(`Queue ${file} is damaged: ${messageOf(error)}`, {
    hint: 'stop server and shipper, move it away with its -wal, -shm and .shipped, check the disk, and start again: a new queue begins without its leases, and a gap names the time',
    cause: error,
  });
}

/** Does this with the queue, and says so if the file is damaged. */
export function readingQueue<Result>(file: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw damagedQueue(file, error);
  }
}

/** The same for what is read little by little. */
export function* iteratingQueue<Row>(file: string, rows: Iterable<Row>): Generator<Row> {
  try {
    yield* rows;
  } catch (error) {
    throw damagedQueue(file, error);
  }
}

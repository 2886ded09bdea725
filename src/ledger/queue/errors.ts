import { messageOf, PortledgerError } from '../../base/errors.js';

/** The queue file cannot be opened or is not what it should be; nothing can be written to it or shipped from it. */
export class QueueError extends PortledgerError {
  override readonly code = 'queue';
}

/** A commit failed: disk full, input/output error, file locked. Nothing of it was stored. */
export class QueueWriteError extends PortledgerError {
  override readonly code = 'queue-write';
}

/** Turns SQLite's error about a damaged file into a QueueError with its hint; returns any other error unchanged. */
export function damagedQueue(file: string, error: unknown): unknown {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown };
  if (!/^SQLITE_CORRUPT/.test(String(code))) return error;
  return new QueueError(`Queue ${file} is damaged: ${messageOf(error)}`, {
    hint: 'stop server and shipper, move it away with its -wal, -shm and .shipped, check the disk, and start again: a new queue begins empty, without leases, and a gap covers the time',
    cause: error,
  });
}

/** Runs `read`; throws a QueueError if the file is damaged. */
export function readingQueue<Result>(file: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw damagedQueue(file, error);
  }
}

/** As {@link readingQueue}, for rows that are read one by one. */
export function* iteratingQueue<Row>(file: string, rows: Iterable<Row>): Generator<Row> {
  try {
    yield* rows;
  } catch (error) {
    throw damagedQueue(file, error);
  }
}

import { Readable } from 'node:stream';
import { setImmediate as nextRound } from 'node:timers/promises';
import { knexOf, type TrailConnection } from './database.js';

/** For fewer rows LOAD DATA is not worth the question whether the database allows it. */
const WORTHWHILE = 50;

/** Work in small portions. Between them the event loop keeps the database busy. */
export type Work = Iterable<void>;
export const NO_WORK: Work = [];

/** The database would have changed a row to make it fit. Has its number and message. */
export class LoadRefusedError extends Error {
  readonly code = 'LOAD_REFUSED';

  constructor(
    readonly errno: number,
    readonly sqlMessage: string,
  ) {
    super(sqlMessage);
    this.name = 'LoadRefusedError';
  }
}

/** Where and how rows are loaded. */
export interface Loading {
  readonly table: string;
  readonly columns: readonly string[];
  /** Replace rows with the same primary key. */
  readonly replace: boolean;
}

/** True if these rows are best written by {@link loadRows}: there are many, and the database allows it (`local_infile`). */
export async function isLoadable(db: TrailConnection, rows: readonly unknown[]): Promise<boolean> {
  if (rows.length < WORTHWHILE) return false;
  const [answer] = await knexOf(db).raw('SELECT @@local_infile AS allowed');
  return answer[0].allowed === 1;
}

/**
 * Writes rows by LOAD DATA, several times as fast as INSERT, from their text in pieces, see RowText. LOAD DATA LOCAL changes values
 * that INSERT would refuse, and warns. Here any warning is an error; the caller must roll back.
 * @param meanwhile work to do while the database is busy, once all rows are sent
 * @throws LoadRefusedError
 */
export async function loadRows(
  db: TrailConnection,
  { table, columns, replace }: Loading,
  text: Iterable<Buffer>,
  meanwhile: Work = NO_WORK,
): Promise<void> {
  const mode = replace ? 'REPLACE ' : '';
  // The file name is a dummy: the driver reads from the stream, never from the disk.
  const sql = `LOAD DATA LOCAL INFILE 'rows' ${mode}INTO TABLE ${table} CHARACTER SET binary (${columns.join(', ')})`;
  const { stream, isSent } = sending(text);
  const loading = knexOf(db)
    .raw(sql)
    .options({ infileStreamFactory: () => stream });
  const [[result]] = await Promise.all([loading, isSent.then(() => doWork(meanwhile))]);
  if (result.warningStatus === 0) return;
  const [[warning]] = await knexOf(db).raw('SHOW WARNINGS LIMIT 1');
  throw new LoadRefusedError(warning.Code, warning.Message);
}

/** A stream of these pieces; `isSent` resolves when the driver has passed on the last of them. */
function sending(pieces: Iterable<Buffer>): { stream: Readable; isSent: Promise<void> } {
  const stream = Readable.from(oneARound(pieces));
  return { stream, isSent: new Promise((resolve) => stream.once('end', resolve)) };
}

/** Yields to the event loop after each piece, so that sending a piece overlaps with making the next one. */
async function* oneARound<T>(pieces: Iterable<T>): AsyncGenerator<T> {
  for (const piece of pieces) {
    yield piece;
    await nextRound();
  }
}

/** Does the work, one portion for each round of the event loop. */
export async function doWork(work: Work): Promise<void> {
  for await (const _ of oneARound(work));
}

import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { knexOf, type TrailConnection } from './database.js';

/** Fewer rows than this are not worth the question whether the database takes them so. */
const WORTHWHILE = 50;

/** Work in small portions. Between them the event loop sees to it that the database has something to do. */
export type Work = Iterable<void>;
export const NO_WORK: Work = [];

/** A row that the database did not take as it is, with its own number and words for why. */
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
  /** In place of those with the same primary key. */
  readonly replace: boolean;
}

/** True if so many rows are best written by {@link loadRows}: there are many, and the database allows it (MySQL must be told to). */
export async function isLoadable(db: TrailConnection, rows: readonly unknown[]): Promise<boolean> {
  if (rows.length < WORTHWHILE) return false;
  const [answer] = await knexOf(db).raw('SELECT @@local_infile AS allowed');
  return answer[0].allowed === 1;
}

/**
 * Writes rows by LOAD DATA, several times as fast as INSERT, from their text in pieces, see RowText. What INSERT
 * would refuse, LOAD DATA LOCAL bends until it fits and warns of: here any warning is an error, and the transaction must end by it.
 * @param meanwhile to be done once everything is on its way, while the database is still busy with it
 * @throws LoadRefusedError
 */
export async function loadRows(
  db: TrailConnection,
  { table, columns, replace }: Loading,
  text: Iterable<Buffer>,
  meanwhile: Work = NO_WORK,
): Promise<void> {
  const mode = replace ? 'REPLACE ' : '';
  // The name means nothing: the driver asks the stream for what the database wants to read, and never the disk.
  const sql = `LOAD DATA LOCAL INFILE 'rows' ${mode}INTO TABLE ${table} CHARACTER SET binary (${columns.join(', ')})`;
  const { stream, isSent } = sending(text);
  const loading = knexOf(db)
    .raw(sql)
    .options({ infileStreamFactory: () => stream });
  const [[result]] = await Promise.all([loading, isSent.then(() => workOff(meanwhile))]);
  if (result.warningStatus === 0) return;
  const [[warning]] = await knexOf(db).raw('SHOW WARNINGS LIMIT 1');
  throw new LoadRefusedError(warning.Code, warning.Message);
}

/** A stream of these pieces, and when the driver has passed on the last of them. */
function sending(pieces: Iterable<Buffer>): { stream: Readable; isSent: Promise<void> } {
  const stream = Readable.from(inTurns(pieces));
  return { stream, isSent: new Promise((resolve) => stream.once('end', resolve)) };
}

/** One piece each turn of the event loop, so that the first is on its way before the last is made. */
async function* inTurns<T>(pieces: Iterable<T>): AsyncGenerator<T> {
  for (const piece of pieces) {
    yield piece;
    await nextTurn();
  }
}

/** Does the work, a portion each turn of the event loop. */
export async function workOff(work: Work): Promise<void> {
  for await (const _ of inTurns(work));
}

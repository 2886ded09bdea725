import { Readable } from 'node:stream';
import type { Knex } from 'knex';
import type { Value } from './event-rows.js';
import { RowText } from './row-text.js';

/** Fewer rows than this are not worth the question whether the database takes them so. */
const WORTHWHILE = 50;

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

/** True if so many rows are best written by {@link loadRows}: there are many, and the database allows it (MySQL must be told to). */
export async function isLoadable(db: Knex, rows: readonly unknown[]): Promise<boolean> {
  if (rows.length < WORTHWHILE) return false;
  const [answer] = await db.raw('SELECT @@local_infile AS allowed');
  return answer[0].allowed === 1;
}

/**
 * Writes rows by LOAD DATA, several times as fast as INSERT, in place of those with the same primary key if `replace` says so. What INSERT
 * would refuse, LOAD DATA LOCAL bends until it fits and warns of: here any warning is an error, and the transaction must end by it.
 * @throws LoadRefusedError
 */
export async function loadRows(
  db: Knex,
  table: string,
  columns: readonly string[],
  rows: Iterable<readonly Value[]>,
  replace = false,
): Promise<void> {
  const mode = replace ? 'REPLACE ' : '';
  // The name means nothing: the driver asks the stream for what the database wants to read, and never the disk.
  const sql = `LOAD DATA LOCAL INFILE 'rows' ${mode}INTO TABLE ${table} CHARACTER SET binary (${columns.join(', ')})`;
  const infileStreamFactory = (): Readable => Readable.from(new RowText().pieces(rows));
  const [result] = await db.raw(sql).options({ infileStreamFactory });
  if (result.warningStatus === 0) return;
  const [[warning]] = await db.raw('SHOW WARNINGS LIMIT 1');
  throw new LoadRefusedError(warning.Code, warning.Message);
}

import type { Knex } from 'knex';
import { fromSqlTime, type Micros, toSqlTime } from '../../base/time.js';
import { type Baseline, rowDigest } from '../../ledger/proof/baseline.js';
import type { Sighting } from '../sightings/rules.js';
import { knexOf, type TrailConnection } from './database.js';
import type { Value } from './event-rows.js';
import { rowToSighting, SIGHTING_COLUMNS, sightingToRow } from './sighting-rows.js';
import { insertRows, upsertRows } from './sql.js';

const BASELINE_COLUMNS = [
  'made_at',
  'events_before',
  'sightings_before',
  'sightings_removed',
  'open_sightings',
  'open_digest',
  'key_id',
  'signature',
];
const OPEN_COLUMNS = ['baseline', ...SIGHTING_COLUMNS];
/** Open sightings read at a time. */
const PAGE = 1000;

/** The baseline in force, null if retention never removed anything. */
export async function readBaseline(db: TrailConnection): Promise<Baseline | null> {
  const row = await knexOf(db)('baselines').select(BASELINE_COLUMNS).orderBy('made_at', 'desc').first();
  return row ? rowToBaseline(row) : null;
}

/** Writes a baseline; replaces the one of the same time. */
export async function writeBaseline(db: TrailConnection, baseline: Baseline): Promise<void> {
  const row: Value[] = [
    toSqlTime(baseline.at),
    toSqlTime(baseline.before),
    baseline.sightingsBefore === null ? null : toSqlTime(baseline.sightingsBefore),
    baseline.sightingsRemoved,
    baseline.open,
    Buffer.from(baseline.openDigest),
    Buffer.from(baseline.keyId, 'hex'),
    Buffer.from(baseline.signature),
  ];
  await upsertRows(db, 'baselines', BASELINE_COLUMNS, 1, [row]);
}

/** The sighting that was open at an address when the baseline begins, null if none was. */
export async function openAtBaseline(db: TrailConnection, baseline: Baseline, ip: string): Promise<Sighting | null> {
  const row = await openRows(db, baseline.at).where('ip', ip).first();
  return row ? rowToSighting(row) : null;
}

/** All sightings that were open when the baseline begins, ordered by address as the database orders its text. */
export async function* openSightingsAt(db: TrailConnection, baseline: Pick<Baseline, 'at'>): AsyncGenerator<Sighting> {
  for await (const row of openRowsInOrder(db, baseline.at)) yield rowToSighting(row);
}

/** {@link Baseline.open} and {@link Baseline.openDigest} of the open sightings in the trail. */
export async function digestOpenSightings(
  db: TrailConnection,
  baseline: Pick<Baseline, 'at'>,
): Promise<{ open: number; openDigest: Buffer }> {
  const digest = rowDigest();
  let open = 0;
  for await (const row of openRowsInOrder(db, baseline.at)) {
    digest.add(SIGHTING_COLUMNS.map((column) => row[column]));
    open += 1;
  }
  return { open, openDigest: digest.end() };
}

/** Writes sightings that are open when the baseline of this time begins. */
export async function writeOpenSightings(
  db: TrailConnection,
  at: Micros,
  sightings: readonly Sighting[],
): Promise<void> {
  const name = toSqlTime(at);
  await insertRows(
    db,
    'baseline_sightings',
    OPEN_COLUMNS,
    sightings.map((sighting) => [name, ...sightingToRow(sighting)]),
  );
}

/** How many open sightings are written for the baseline of this name. */
export async function countOpenSightings(db: TrailConnection, at: Micros): Promise<number> {
  const [count] = await knexOf(db)('baseline_sightings').count('* as n').where('baseline', toSqlTime(at));
  return count?.n as number;
}

/** Deletes the open sightings of every baseline but this one (null: of every one). */
export async function deleteOtherOpenSightings(db: TrailConnection, baseline: Baseline | null): Promise<void> {
  const others = knexOf(db)('baseline_sightings').distinct('baseline');
  if (baseline) others.whereNot('baseline', toSqlTime(baseline.at));
  for (const { baseline: name } of await others)
    await knexOf(db)('baseline_sightings').where({ baseline: name }).delete();
}

type OpenRow = Parameters<typeof rowToSighting>[0];

function openRows(db: TrailConnection, at: Micros): Knex.QueryBuilder {
  return knexOf(db)('baseline_sightings').select(SIGHTING_COLUMNS).where('baseline', toSqlTime(at));
}

async function* openRowsInOrder(db: TrailConnection, at: Micros): AsyncGenerator<OpenRow> {
  let after = '';
  for (;;) {
    const rows: OpenRow[] = await openRows(db, at).where('ip', '>', after).orderBy('ip').limit(PAGE);
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.ip as string;
  }
}

function rowToBaseline(row: Readonly<Record<string, Value>>): Baseline {
  return {
    at: fromSqlTime(row.made_at as string),
    before: fromSqlTime(row.events_before as string),
    sightingsBefore: row.sightings_before === null ? null : fromSqlTime(row.sightings_before as string),
    sightingsRemoved: row.sightings_removed as number,
    open: row.open_sightings as number,
    openDigest: row.open_digest as Buffer,
    keyId: (row.key_id as Buffer).toString('hex'),
    signature: row.signature as Buffer,
  };
}

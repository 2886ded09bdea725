import { Writable } from 'node:stream';
import type { Knex } from 'knex';
import type { LedgerEvent } from '../../src/event/event.js';
import { runReport } from '../../src/report/report.js';
import { parseRequest, type Question } from '../../src/report/request.js';
import { Trail } from '../../src/trail/trail.js';
import { startMariadb } from '../../test/support/database.js';
import { median, type Row } from './result.js';
import type { Settings } from './settings.js';
import { DAY_START, workload } from './workload.js';

const QUEUE = '11111111-1111-4111-8111-111111111111';
const ADDRESSES = 20_000;
const STEP = 2000;
const BATCH = 1000;
/** Questions of each kind whose median counts. */
const QUESTIONS = 100;
const COPIED = ['events', 'sightings'] as const;

/**
 * How long questions take in a trail of a million events and of ten, each beside the bare indexed query for the same rows. The first
 * tenth is appended as a shipper does; the rest are copies of its rows at later times, so that only counts and times differ.
 */
export async function report(settings: Settings): Promise<Row[]> {
  const base = settings.quick ? 2000 : 100_000;
  const database = await startMariadb({ args: ['--innodb-buffer-pool-size=2G', '--innodb-log-file-size=512M'] });
  const trail = await Trail.open(database.url);
  try {
    await trail.migrate();
    await append(trail, base);
    const span = base * STEP;
    const rows: Row[] = [];
    for (const [from, to] of [
      [1, 10],
      [10, 100],
    ] as const) {
      for (let copy = from; copy < to; copy++) await copyRows(trail.knex, base, copy, span);
      await trail.knex.raw('ANALYZE TABLE events, sightings');
      rows.push(...(await ask(trail.knex, base * to, to * span)));
    }
    return rows;
  } finally {
    await trail.close();
    await database.remove();
  }
}

async function append(trail: Trail, count: number): Promise<void> {
  let events: LedgerEvent[] = [];
  const options = {
    queue: QUEUE,
    server: 'dhcp-0',
    events: count,
    addresses: ADDRESSES,
    sharing: 'roaming',
    step: STEP,
  } as const;
  for (const event of workload({ ...options, offset: 0 })) {
    events.push(event);
    if (events.length < BATCH) continue;
    await trail.append({ queue: QUEUE, server: 'dhcp-0', events });
    events = [];
  }
}

/** Adds the rows of the first events once more, `copy` times their span later. */
async function copyRows(db: Knex, base: number, copy: number, span: number): Promise<void> {
  for (const table of COPIED) {
    const info = await db(table).columnInfo();
    const values = Object.keys(info).map((column) => {
      if (column === 'sequence' || column === 'opened_sequence') return `${column} + ${copy * base}`;
      const isTime = String(info[column]!.type).startsWith('datetime');
      return isTime ? `${column} + INTERVAL ${copy * span} MICROSECOND` : column;
    });
    const key = table === 'events' ? 'sequence' : 'opened_sequence';
    await db.raw(`INSERT INTO ${table} (${Object.keys(info)}) SELECT ${values} FROM ${table} WHERE ${key} <= ${base}`);
  }
}

const BARE = `SELECT * FROM sightings WHERE {column} = ? AND first_seen <= ? AND COALESCE(ended_at, lease_until) > ?`;

async function ask(db: Knex, events: number, span: number): Promise<Row[]> {
  const subject = `${events.toLocaleString('en')} events`;
  const places = await db('sightings as s')
    .join('ports as p', 'p.port_id', 's.port_id')
    .join('switches as w', 'w.switch_id', 's.switch_id')
    .select('s.ip', 's.mac', 's.port_id', 'p.name as port', 'w.name as switch')
    .limit(QUESTIONS);
  const kinds: [string, string, (row: Record<string, string>) => Question][] = [
    ['report ip --at', 'ip', (row) => ({ about: 'ip', address: row.ip! })],
    ['report mac --at', 'mac', (row) => ({ about: 'mac', mac: row.mac! })],
    ['report port --at', 'port_id', (row) => ({ about: 'port', switch: row.switch!, port: row.port!, summary: false })],
  ];
  const rows: Row[] = [];
  for (const [what, column, question] of kinds) {
    const [own, bare]: [number[], number[]] = [[], []];
    for (const [i, row] of places.entries()) {
      const at = new Date((DAY_START + (span * (i + 1)) / (QUESTIONS + 1)) / 1000).toISOString();
      const sqlAt = at.slice(0, 23).replace('T', ' ');
      bare.push(await millis(() => db.raw(BARE.replace('{column}', column), [row[column], sqlAt, sqlAt])));
      const request = parseRequest(question(row), { at, output: 'json' }, Date.now() * 1000);
      own.push(await millis(() => runReport(db, request, { out: nowhere(), err: nowhere(), width: 200 })));
    }
    rows.push({
      part: 'report',
      what: `${what}, ms`,
      subject: `bare query, ${subject}`,
      value: median(bare),
      ratio: median(own) / median(bare),
    });
    rows.push({ part: 'report', what: `${what}, ms`, subject: `Portledger, ${subject}`, value: median(own) });
  }
  return rows;
}

async function millis(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

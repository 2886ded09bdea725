import assert from 'node:assert/strict';
import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { positionFile } from '../../src/ledger/queue/position.js';
import { QueueReader } from '../../src/ledger/queue/reader.js';
import { EVENT_COLUMNS, eventToRow, type Value } from '../../src/trail/store/event-rows.js';
import { RowText, writeValues } from '../../src/trail/store/row-text.js';
import { Trail } from '../../src/trail/store/trail.js';
import { verifyTrail } from '../../src/trail/verify/verify.js';
import { type PrivateDatabase, startMariadb } from '../lab/database.js';
import { Installation } from '../lab/processes.js';
import { fillQueue } from './backlog.js';
import { type Row, ratioRows } from './result.js';
import type { Settings } from './settings.js';

/** Clients of the campus whose leases are renewed in turn. */
const ADDRESSES = 20_000;
/** Microseconds between two events. */
const STEP = 2000;
const PAGE = 5000;

/**
 * Measures how fast a backlog goes into MariaDB: by LOAD DATA of the bare rows, by `ship` with the events of one server in order, and by `ship`
 * with two servers, the second of which is late with a tenth of the events. Then measures verification.
 */
export async function ship(settings: Settings): Promise<Row[]> {
  const events = settings.quick ? 60_000 : 1_000_000;
  const database = await startMariadb({ args: ['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=512M'] });
  const [all, most, rest] = ['all', 'most', 'rest'].map((name) => join(settings.folder, `${name}.queue`)) as [
    string,
    string,
    string,
  ];
  const shared = { addresses: ADDRESSES, sharing: 'roaming', step: STEP, offset: 0 } as const;
  fillQueue(all, { ...shared, server: 'dhcp-a', events });
  fillQueue(most, { ...shared, server: 'dhcp-a', events: 0.9 * events });
  fillQueue(rest, { ...shared, server: 'dhcp-b', events: 0.1 * events, step: 9 * STEP, offset: STEP / 2 });
  const text = join(settings.folder, 'events.txt');
  await pipeline(Readable.from(RowText.pieces(rowsOf(all), writeValues)), createWriteStream(text));
  const rows: Row[] = [];
  const add = (what: string, subject: string, seconds: number): void => {
    rows.push({ part: 'ship', what, subject, value: events / seconds });
  };
  try {
    for (let round = 0; round < settings.rounds; round++) {
      add('events/s in order', 'LOAD DATA, bare', await withTrail(database, (url) => loadBare(url, text)));
      await withTrail(database, async (url) => {
        add('events/s in order', 'Portledger', await drain(settings.folder, url, [all], events));
        // Only once: it takes as long as all the rest together.
        if (round === 0) add('events/s verified', 'Portledger', await verify(url, events));
      });
      add('events/s, a tenth of them late', 'LOAD DATA, bare', await withTrail(database, (url) => loadBare(url, text)));
      add(
        'events/s, a tenth of them late',
        'Portledger',
        await withTrail(database, (url) => drain(settings.folder, url, [most, rest], events)),
      );
    }
  } finally {
    await database.remove();
  }
  return ratioRows(rows, 'Portledger');
}

function* rowsOf(file: string): Generator<Value[]> {
  const reader = QueueReader.open(file);
  for (let after = 0, page = reader.read(0, PAGE); page.length > 0; page = reader.read(after, PAGE)) {
    yield* page.map(eventToRow);
    after = page.at(-1)!.sequence;
  }
  reader.close();
}

let databases = 0;

async function withTrail<T>(database: PrivateDatabase, work: (url: string) => Promise<T>): Promise<T> {
  const name = `bench_ship_${++databases}`;
  await database.query(`CREATE DATABASE ${name}`);
  const url = database.url.replace('test_main', name);
  const trail = await Trail.open(url);
  await trail.migrate();
  await trail.close();
  try {
    return await work(url);
  } finally {
    await database.query(`DROP DATABASE ${name}`);
  }
}

/** Seconds that LOAD DATA takes for the same rows, into a table with only a primary key. */
async function loadBare(url: string, text: string): Promise<number> {
  const { knex, close } = await opened(url);
  await knex.raw('CREATE TABLE bare LIKE events');
  await knex.raw('ALTER TABLE bare DROP INDEX events_ip_at');
  const began = performance.now();
  await knex
    .raw(`LOAD DATA LOCAL INFILE 'rows' INTO TABLE bare CHARACTER SET binary (${EVENT_COLUMNS.join(', ')})`)
    .options({ infileStreamFactory: () => createReadStream(text, { highWaterMark: 1 << 18 }) });
  const seconds = (performance.now() - began) / 1000;
  await close();
  return seconds;
}

/** Seconds that `portledger ship --once` takes for these queues in turn, start included. The queues are left unchanged. */
async function drain(folder: string, url: string, queues: readonly string[], events: number): Promise<number> {
  const began = performance.now();
  for (const file of queues) {
    const installation = new Installation(folder, { queue: { file }, audit: { url } });
    await installation.shipOnce('here', 900_000);
  }
  const seconds = (performance.now() - began) / 1000;
  for (const file of queues) rmSync(positionFile(file));
  const { knex, close } = await opened(url);
  const [counted] = await knex('events').count({ shipped: '*' });
  assert.equal(Number(counted?.shipped), events);
  await close();
  return seconds;
}

/** Seconds that verification of this many events takes. */
async function verify(url: string, events: number): Promise<number> {
  const { knex, close } = await opened(url);
  const began = performance.now();
  const result = await verifyTrail(knex, { trusted: [] });
  assert.deepEqual([result.faults.filter((fault) => fault.kind !== 'unsigned'), result.events], [[], events]);
  await close();
  return (performance.now() - began) / 1000;
}

async function opened(url: string): Promise<{ knex: Trail['knex']; close(): Promise<void> }> {
  const trail = await Trail.open(url);
  return { knex: trail.knex, close: () => trail.close() };
}

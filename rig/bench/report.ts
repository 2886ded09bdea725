import { Writable } from 'node:stream';
import { ask } from '../../src/report/ask/ask.js';
import { parseRequest, type Question } from '../../src/report/ask/request.js';
import { writeAll } from '../../src/report/render/output.js';
import { renderAnswer } from '../../src/report/render/render.js';
import { Trail } from '../../src/trail/store/trail.js';
import { startMariadb } from '../lab/database.js';
import { DAY_START } from '../lab/workload.js';
import { checkLoader } from './loaded.js';
import { Loader } from './loader.js';
import { median, type Row } from './result.js';
import type { Settings } from './settings.js';

const WORKLOAD = {
  queue: '11111111-1111-4111-8111-111111111111',
  server: 'dhcp-0',
  addresses: 20_000,
  sharing: 'moving',
  step: 2000,
  offset: 0,
} as const;
/** The trail that is compared with the shipper's. */
const CHECKED = { ...WORKLOAD, addresses: 500, events: 10_000 };
/** Number of questions of each kind; their median counts. */
const QUESTIONS = 100;

/**
 * How long questions take in a trail of a million events and of ten, each beside the bare indexed query for the same rows: from the
 * question to the last byte of the answer, in this process and on connections that are open. The trail is made by the bench's loader,
 * which is first compared with the shipper.
 */
export async function report(settings: Settings): Promise<Row[]> {
  const database = await startMariadb({ args: ['--innodb-buffer-pool-size=4G', '--innodb-log-file-size=1G'] });
  const trail = await Trail.open(database.url);
  try {
    await checkLoader(database, CHECKED);
    await trail.migrate();
    const loader = new Loader(trail, WORKLOAD);
    const rows: Row[] = [];
    for (const events of settings.quick ? [20_000, 200_000] : [1_000_000, 10_000_000]) {
      await loader.fill(events);
      await trail.knex.raw('ANALYZE TABLE events, sightings');
      rows.push(...(await askAll(trail, events, events * WORKLOAD.step)));
    }
    return rows;
  } finally {
    await trail.close();
    await database.remove();
  }
}

const BARE = `SELECT * FROM sightings WHERE {column} = ? AND first_seen <= ? AND COALESCE(ended_at, lease_until) > ?`;

async function askAll(trail: Trail, events: number, span: number): Promise<Row[]> {
  const db = trail.knex;
  const subject = `${events.toLocaleString('en')} events`;
  const places = await db('sightings as s')
    .join('ports as p', 'p.port_id', 's.port_id')
    .join('switches as w', 'w.switch_id', 's.switch_id')
    .select('s.ip', 's.mac', 's.port_id', 'p.name as port', 'w.name as switch')
    .orderByRaw('RAND(1)')
    .limit(QUESTIONS);
  const kinds: [string, string, (row: Record<string, string>) => Question][] = [
    ['report ip --at', 'ip', (row) => ({ kind: 'ip', address: row.ip! })],
    ['report mac --at', 'mac', (row) => ({ kind: 'mac', mac: row.mac! })],
    ['report port --at', 'port_id', (row) => ({ kind: 'port', switch: row.switch!, port: row.port!, summary: false })],
  ];
  const rows: Row[] = [];
  for (const [what, column, question] of kinds) {
    const [own, bare]: [number[], number[]] = [[], []];
    for (const [i, row] of places.entries()) {
      const at = new Date((DAY_START + (span * (i + 1)) / (QUESTIONS + 1)) / 1000).toISOString();
      const sqlAt = at.slice(0, 23).replace('T', ' ');
      const request = parseRequest(question(row), { at }, Date.now() * 1000);
      const askBare = async () =>
        bare.push(await millis(() => db.raw(BARE.replace('{column}', column), [row[column], sqlAt, sqlAt])));
      const askOwn = async () =>
        own.push(
          await millis(async () => {
            const { pieces } = await renderAnswer(await ask(trail, request), 'ndjson', { width: 200 });
            await writeAll(nowhere(), pieces);
          }),
        );
      // Take turns: the second query finds the pages in memory
      for (const one of i % 2 === 0 ? [askBare, askOwn] : [askOwn, askBare]) await one();
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

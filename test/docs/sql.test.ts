import assert from 'node:assert/strict';
import { startDatabase } from '../../rig/lab/database.js';
import { ENGINES, SERVER_DATABASES } from '../../rig/lab/database-engines.js';
import { requires } from '../../rig/lab/requirements.js';
import { onEveryDatabase, ship } from '../../rig/lab/trails.js';
import { toSqlTime } from '../../src/base/time.js';
import type { Trail } from '../../src/trail/store/trail.js';
import { allBlocks, type Block, blocksOf, placeOf } from '../support/pages.js';
import { NOON, OF_NO_CLIENT, queueOf, SECOND } from '../trail/store/campus.js';

const at = (seconds: number): string => toSqlTime(NOON + seconds * SECOND);
const DAY = 86_400;
const MAC_1 = '02:00:00:00:00:01';
const MAC_2 = '02:00:00:00:00:02';
const client2 = { hwaddr: Buffer.from('020000000002', 'hex') };
const port = (name: string) => ({ circuitId: Buffer.from(name) });

/** The day before, p9 is used once. Client 1 is on Gi1/0/12, client 2 joins it; then client 1 shows up on p2, too. */
const STORY = queueOf([
  [-2 * DAY, 'server-started', outage(-3 * DAY, -2 * DAY)],
  [-DAY, 'granted', { ...port('p9'), address: '198.18.16.99', hwaddr: Buffer.from('020000000099', 'hex') }],
  [-DAY + 100, 'expired', { ...port('p9'), address: '198.18.16.99', hwaddr: Buffer.from('020000000099', 'hex') }],
  [0, 'server-started', outage(-10, 0)],
  [150, 'granted', { ...port('Gi1/0/12'), address: '198.18.16.7' }],
  [170, 'granted', { ...port('Gi1/0/12'), ...client2, address: '198.18.16.8' }],
  [180, 'granted', { ...port('p2'), address: '198.18.16.9' }],
]);

function outage(from: number, until: number) {
  return { ...OF_NO_CLIENT, leaseStart: NOON + from * SECOND, leaseEnd: NOON + until * SECOND } as const;
}

/** What each query of the cookbook answers to the story. */
const ANSWERS: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  'Who had this address at this time?': [['sw-a', 'Gi1/0/12', MAC_1, null]],
  'Which ports has this MAC used?': [
    ['sw-a', 'Gi1/0/12', at(150), at(150), 1, 1],
    ['sw-a', 'p2', at(180), at(180), 1, 1],
  ],
  'Which MACs has this port seen this month?': [
    [MAC_1, at(150), at(150)],
    [MAC_2, at(170), at(170)],
  ],
  'Two clients on one port at once?': [['sw-a', 'Gi1/0/12', MAC_1, MAC_2, at(170)]],
  'Hardware addresses on two ports at once? A sign of spoofing, or of a loop': [
    [MAC_1, 'sw-a', 'Gi1/0/12', 'sw-a', 'p2', at(180)],
  ],
  'Ports silent since this day?': [['sw-a', 'p9', at(-DAY)]],
  'The longest gaps?': [
    ['dhcp-a', 'queue-replaced', at(-3 * DAY), at(-2 * DAY), DAY],
    ['dhcp-a', 'server-down', at(-10), at(0), 10],
  ],
};

interface Query {
  readonly title: string;
  readonly only: string | undefined;
  readonly sql: string;
}

const COOKBOOK = 'docs/sql.md';

/** The queries of the cookbook, each under the question in its first line. */
function cookbook(): Query[] {
  return blocksOf(COOKBOOK)
    .filter(({ language }) => language === 'sql')
    .map(({ text }) => {
      const match = /^-- (.+?)(?: \((.+)\))?\n([\s\S]*)$/.exec(text)!;
      return { title: match[1]!, only: match[2], sql: match[3]! };
    });
}

/** Blocks of other pages: what an administrator types into a database server. */
function administration(): Block[] {
  return allBlocks('sql').filter(({ page }) => page !== COOKBOOK);
}

async function answer(trail: Trail, sql: string): Promise<unknown[][]> {
  const result = await trail.knex.raw(sql.trim().replace(/;$/, ''));
  const rows = (trail.embedded ? result : result[0]) as Record<string, unknown>[];
  return rows.map((row) => Object.values(row));
}

onEveryDatabase('The SQL cookbook', (current, database) => {
  it('has the questions that are tested here, and no other', () => {
    assert.deepEqual([...new Set(cookbook().map((query) => query.title))].sort(), Object.keys(ANSWERS).sort());
  });

  for (const { title, only, sql } of cookbook()) {
    if (only !== undefined && !only.includes(database)) continue;
    it(`answers: ${title}`, async () => {
      await ship(current().trail, STORY);
      assert.deepEqual(await answer(current().trail, sql), ANSWERS[title]);
    });
  }
});

for (const kind of SERVER_DATABASES) {
  describe(`SQL for the administrator, in the documents, on ${kind}`, function () {
    this.timeout(60_000);

    for (const block of administration()) {
      it(`${placeOf(block)}: is accepted`, async function () {
        requires(this, ENGINES[kind].requirement);
        const database = await startDatabase(kind, { durable: false });
        try {
          for (const statement of block.text.split(';\n').filter((text) => text.trim() !== ''))
            await database.query(statement);
        } finally {
          await database.remove();
        }
      });
    }
  });
}

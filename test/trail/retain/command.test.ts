import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type CommandResult, Installation } from '../../../rig/lab/processes.js';
import { ship } from '../../../rig/lab/trails.js';
import { SystemClock } from '../../../src/base/time.js';
import { genesisHash, sealEvent } from '../../../src/ledger/event/encoding.js';
import { readOrMakeKeyFile } from '../../../src/ledger/proof/key-file.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { verifyTrail } from '../../../src/trail/verify/verify.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { draft, SECOND } from '../store/campus.js';

const DAY = 86_400 * SECOND;
const QUEUE = '11111111-1111-4111-8111-111111111111';

describe('portledger retain and hold', function () {
  this.timeout(60_000);
  let folder: string;
  let installation: Installation;
  let trail: Trail;

  const run = (...args: string[]): Promise<CommandResult> => installation.run('here', ...args);
  const countOf = async (table: string): Promise<number> =>
    Number((await trail.knex(table).count('* as n').first())!.n);

  /** One grant a day, by a client and a port of its own each, until yesterday. */
  beforeEach(async () => {
    folder = makeTempDir();
    installation = new Installation(folder, {
      queue: { file: './a.queue' },
      audit: { url: 'sqlite:./audit.db', 'access-log': true },
    });
    trail = await Trail.open(`sqlite:${join(folder, 'audit.db')}`);
    await trail.migrate();
    const now = new SystemClock().now();
    let hash: Uint8Array = genesisHash(QUEUE);
    const events = Array.from({ length: 10 }, (_, i) => {
      const at = now - (10 - i) * DAY;
      const fields = {
        address: `10.0.0.${i}`,
        circuitId: Buffer.from(`p${i}`),
        hwaddr: Buffer.from([2, 0, 0, 0, 0, i]),
      };
      const one = draft('granted', { ...fields, leaseEnd: at + 100 * SECOND });
      const { event } = sealEvent({ ...one, queue: QUEUE, sequence: i + 1, at }, hash);
      hash = event.hash;
      return event;
    });
    await ship(trail, events);
  });

  afterEach(async () => {
    await trail.close();
    removeTempDir(folder);
  });

  it('exits 2 without the key, with ages that are none, and with sightings that go before their events', async () => {
    const { code, stderr } = await run('retain', '--events', '5d');
    assert.equal(code, 2);
    assert.match(stderr, /^error: Key file .+a\.queue\.key does not exist \(.+\)\n$/);
    for (const age of ['5', '6m', '12h'])
      assert.match((await run('retain', '--events', age)).stderr, /^error: "\d+[mh]?" is not an age \(.+180d/);
    assert.equal((await run('retain', '--events', '5d', '--sightings', '4d')).code, 2);
    assert.equal((await run('retain')).code, 2);
    assert.equal(await countOf('events'), 10);
  });

  it('says first what it would remove, and then removes it', async () => {
    readOrMakeKeyFile(join(folder, 'a.queue.key'));
    const args = ['retain', '--events', '5d', '--sightings', '7d'];
    const dry = await run(...args, '--dry-run');
    assert.match(dry.stdout, /^Would remove 6 events before \S+Z\nWould remove 3 sightings that ended before \S+Z\n$/);
    assert.deepEqual([await countOf('events'), await countOf('baselines')], [10, 0]);
    const { code, stdout } = await run(...args);
    assert.equal(code, 0);
    assert.match(stdout, /^Removed 6 events before \S+Z\nRemoved 3 sightings that ended before \S+Z\n$/);
    assert.deepEqual([await countOf('events'), await countOf('sightings')], [4, 7]);
    assert.deepEqual((await verifyTrail(trail.knex, { trusted: [] })).faults, []);
  });

  it('keeps what is held, until the hold is lifted', async () => {
    readOrMakeKeyFile(join(folder, 'a.queue.key'));
    const port = await run('hold', 'add', '--port', 'sw-a', 'p1', '--reason', 'case 1');
    assert.deepEqual([port.code, port.stdout], [0, 'Hold 1: port p1 on switch sw-a\n']);
    await run('hold', 'add', '--mac', '0200.0000.0002', '--reason', 'case 2', '--to', '1d ago');
    const list = JSON.parse((await run('hold', 'list', '-o', 'json')).stdout) as { id: number; label: string }[];
    assert.deepEqual(
      list.map(({ id, label }) => [id, label]),
      [
        [1, 'port p1 on switch sw-a'],
        [2, 'device 02:00:00:00:00:02'],
      ],
    );
    const { stdout } = await run('retain', '--events', '5d', '--sightings', '5d');
    assert.match(stdout, /^Removed 4 events before \S+Z, 2 are held\nRemoved 3 sightings .+, 2 are held\n$/);
    const wrong = await run('hold', 'remove', 'abc');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /^error: "abc" is not the number of a hold /);
    assert.equal((await run('hold', 'remove', '1')).stdout, 'Hold 1 is lifted: port p1 on switch sw-a\n');
    assert.match((await run('retain', '--events', '5d')).stdout, /^Removed 1 events before \S+Z, 1 are held\n$/);
    assert.match((await run('hold', 'list')).stdout, /^HOLD .*\n2 +device 02:00:00:00:00:02 .*case 2/);
    assert.deepEqual((await verifyTrail(trail.knex, { trusted: [] })).faults, []);
  });

  it('takes no hold on nothing, on two things, or on a port that is not known', async () => {
    const add = async (...args: string[]) => {
      const { code, stderr } = await run('hold', 'add', '--reason', 'r', ...args);
      assert.match(stderr, /^error: [^\n]+\n$/);
      return code;
    };
    assert.equal(await add(), 2);
    assert.equal(await add('--ip', '10.0.0.1', '--mac', '02:00:00:00:00:01'), 2);
    assert.equal(await add('--ip', '10.0.0.1', '--reason', ' '), 2);
    assert.equal(await add('--port', 'sw-a'), 2);
    assert.equal(await add('--port', 'sw-a', 'p99'), 1);
    assert.equal((await run('hold', 'list')).code, 1);
    assert.equal((await run('hold', 'remove', '7')).code, 2);
  });

  it('notes every report with its question, its asker and its end', async () => {
    await run('report', 'ip', '10.0.0.9', '--from', '3 days ago');
    await run('report', 'port', 'sw-a', 'p99', '-o', 'json');
    await run('report', 'ip', 'nonsense');
    const rows = await trail.knex('access_log').select('question', 'exit_code', 'os_user', 'host').orderBy('at');
    assert.deepEqual(
      rows.map((row) => [row.question, row.exit_code]),
      [
        ['report ip 10.0.0.9 --from 3 days ago', 0],
        ['report port sw-a p99 --output json', 1],
      ],
    );
    for (const { os_user, host } of rows) assert.ok(os_user.length > 0 && host.length > 0);
  });

  it('answers no report that cannot be noted', async () => {
    await trail.knex.raw('DROP TABLE access_log');
    const { code, stdout } = await run('report', 'ip', '10.0.0.9');
    assert.notEqual(code, 0);
    assert.equal(stdout, '');
  });

  it('prints the SQL for auditors, which SQLite has none of', async () => {
    const { code, stderr } = await run('auditors');
    assert.deepEqual([code, /^error: SQLite knows no users \(.+\)\n$/.test(stderr)], [2, true]);
    installation.configure({ audit: { url: 'mysql://portledger@127.0.0.1/trail' } });
    const { stdout } = await run('auditors', '--user', 'desk', '--host', '10.0.0.%');
    assert.match(stdout, /^GRANT SELECT ON `trail`\.`port_history` TO 'desk'@'10\.0\.0\.%';$/m);
  });

  it('begins no new queue where there is none', async () => {
    const { code, stderr } = await run('queue', 'new');
    assert.deepEqual([code, /has no events yet/.test(stderr)], [2, true]);
  });
});

import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Installation } from '../../../rig/lab/processes.js';
import type { Queue } from '../../../src/ledger/queue/queue.js';
import { Checkpoints } from '../../../src/server/checkpoints.js';
import { ServerStore } from '../../../src/server/store/server-store.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { TestClock, TestLogger } from '../../support/lab.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { freeUdpPort } from '../../support/udp-port.js';
import { draft, SECOND } from '../store/campus.js';

describe('portledger verify, evidence, key and checkpoint', function () {
  this.timeout(120_000);
  let folder: string;
  let installation: Installation;
  let queue: string;

  const run = (...args: string[]) => installation.run('here', ...args);

  /** What a server does, in this process. */
  function serve(work: (queue: Queue, checkpoints: Checkpoints, clock: TestClock) => void): void {
    const clock = new TestClock();
    clock.advance(1000);
    const { queue: open } = ServerStore.open(queue, 'dhcp-a', clock.now());
    const policy = { keyFile: `${queue}.key`, checkpointEvents: 10, checkpointInterval: 600 * SECOND };
    const parts = { queue: open, server: 'dhcp-a', policy, clock, logger: new TestLogger() };
    try {
      work(open, new Checkpoints(parts), clock);
    } finally {
      open.close();
    }
  }

  function grant(count: number): void {
    serve((open, checkpoints, clock) => {
      for (let i = 0; i < count; i++) {
        const now = clock.now();
        open.append([draft('granted', { address: `10.0.0.${i}`, leaseEnd: now + 3600 * SECOND })], now);
      }
      checkpoints.make();
    });
  }

  async function onTrail(work: (trail: Trail) => Promise<unknown>): Promise<void> {
    const trail = await Trail.open(`sqlite:${join(folder, 'audit.db')}`);
    await work(trail);
    await trail.close();
  }

  beforeEach(async () => {
    folder = makeTempDir();
    queue = join(folder, 'a.queue');
    installation = new Installation(folder, { queue: { file: './a.queue' }, audit: { url: 'sqlite:./audit.db' } });
    grant(5);
    assert.equal((await run('ship', '--once')).code, 0);
  });

  afterEach(() => removeTempDir(folder));

  it('verify a sound trail with 0, and a changed one with 4 and a line that names the event', async () => {
    const { code, stdout } = await run('verify');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^dhcp-a [0-9a-f-]{36}: 5 events from 2026-11-20T12:16:40\.000000Z to .*, the last is 5$/m);
    assert.match(
      stdout,
      /last checkpoint: event 5, signed 2026-11-20T12:16:40\.000000Z by key [0-9a-f]{32}; 0 events after it/,
    );
    assert.match(stdout, /this proves nothing against the administrator of the database/);
    const trusted = await run('verify', '--public-key', `${queue}.key.pub`);
    assert.equal(trusted.code, 0, trusted.stdout);
    assert.match(trusted.stdout, /VERIFIED with the given public keys/);
    await onTrail((trail) => trail.knex('events').where('sequence', 3).update({ xid: 99 }));
    const changed = await run('verify');
    assert.equal(changed.code, 4);
    assert.match(changed.stdout, /^FAULT Event 3 does not fit its hash: .* \(server dhcp-a, queue [0-9a-f-]{36}\)$/m);
    assert.match(changed.stdout, /^NOT VERIFIED: 1 fault$/m);
  });

  it('give the same as JSON', async () => {
    await onTrail((trail) => trail.knex('events').where('sequence', 4).delete());
    const { code, stdout } = await run('verify', '-o', 'json');
    assert.equal(code, 4);
    const result = JSON.parse(stdout);
    assert.equal(result.ok, false);
    assert.deepEqual([result.faults[0].kind, result.faults[0].sequence], ['missing', 4]);
    assert.equal(result.queues[0].checkpoint.sequence, 5);
  });

  it('do not call verified what has no event', async () => {
    const none = await run('verify', '--from', '2031-01-01', '--to', '2031-02-01');
    assert.equal(none.code, 1);
    assert.match(none.stdout, /^NOTHING TO VERIFY: /m);
    assert.doesNotMatch(none.stdout, /VERIFIED/);
    assert.equal((await run('verify', '--from', '2026-11-20', '--to', '2026-11-21')).code, 0);
  });

  it('do not call verified what was emptied', async () => {
    await onTrail(async (trail) => {
      for (const table of ['events', 'sightings', 'gaps', 'queues', 'checkpoints', 'signing_keys', 'ports', 'switches'])
        await trail.knex(table).delete();
    });
    const elsewhere = makeTempDir();
    try {
      const audit = { url: `sqlite:${join(folder, 'audit.db')}` };
      const bare = new Installation(elsewhere, { audit });
      const none = await bare.run('here', 'verify');
      assert.equal(none.code, 1);
      assert.match(none.stdout, /^NOTHING TO VERIFY: there is nothing in the trail$/m);
      const trusted = await bare.run('here', 'verify', '--public-key', `${queue}.key.pub`);
      assert.equal(trusted.code, 4);
      assert.match(trusted.stdout, /^FAULT Nothing in the trail is signed by key [0-9a-f]{32}, nor by one/m);
    } finally {
      removeTempDir(elsewhere);
    }
  });

  it('say that a trail is damaged whose tables are not as they were', async () => {
    await onTrail((trail) => trail.knex('sightings').update({ first_seen: 'garbage' }));
    const report = ['report', 'mac', '02:00:00:00:00:01'];
    const garbage = await run(...report);
    assert.equal(garbage.code, 4);
    assert.match(garbage.stderr, /^error: The trail is damaged: "garbage" is not a time .*portledger verify/m);
    assert.equal((await run('verify')).code, 4);
    await onTrail((trail) => trail.knex.schema.dropTable('sightings'));
    for (const command of [report, ['verify']]) {
      const { code, stderr } = await run(...command);
      assert.equal(code, 4);
      assert.match(stderr, /^error: Trail \S+ is damaged: no such table: \S*sightings \(/m);
    }
  });

  it('verify the trail against the queue of this machine', async () => {
    await onTrail(async (trail) => {
      for (const table of ['events', 'checkpoints', 'queues', 'sightings', 'switches', 'ports'])
        await trail.knex(table).delete();
    });
    const { code, stdout } = await run('verify');
    assert.equal(code, 4);
    assert.match(stdout, /FAULT Events 1 to 5 are missing at the end: the local queue has event 5/);
  });

  it('verify against a checkpoint that was kept', async () => {
    const kept = await run('checkpoint');
    assert.equal(JSON.parse(kept.stdout).sequence, 5);
    assert.match(kept.stderr, /^note: no server runs on this queue; this is the last checkpoint/);
    writeFileSync(join(folder, 'then.json'), kept.stdout);
    assert.equal((await run('verify', '--checkpoint', join(folder, 'then.json'))).code, 0);
    writeFileSync(join(folder, 'then.json'), kept.stdout.replace(/"hash": "../, '"hash": "00'));
    const { code, stdout } = await run('verify', '--checkpoint', join(folder, 'then.json'));
    assert.equal(code, 4);
    assert.match(stdout, /FAULT Event 5 is another one than .*then\.json has/);
  });

  it('rotate the key; who trusts the old one trusts the new one', async () => {
    const old = join(folder, 'old.pub');
    writeFileSync(old, readFileSync(`${queue}.key.pub`));
    const shown = await run('key', 'show');
    assert.equal(shown.stdout, readFileSync(old, 'utf8'));
    const rotated = await run('key', 'rotate');
    assert.equal(rotated.code, 0, rotated.stderr);
    assert.match(rotated.stdout, /^Key [0-9a-f]{32} signs from now on, certified by [0-9a-f]{32}$/m);
    assert.notEqual(readFileSync(`${queue}.key.pub`, 'utf8'), shown.stdout);
    assert.equal(statSync(`${queue}.key`).mode & 0o777, 0o600);
    grant(2);
    await run('ship', '--once');
    const { code, stdout } = await run('verify', '--public-key', old);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /last checkpoint: event 7/);
    const stranger = await run('verify', '--public-key', `${queue}.key.pub`);
    assert.equal(stranger.code, 4, 'the new key does not vouch for what the old one signed');
  });

  it('ask the running server to sign and to take a new key', async () => {
    const port = await freeUdpPort();
    const pool = { subnet: '127.0.0.0/8', pools: ['127.77.0.10-127.77.0.20'] };
    const server = {
      name: 'dhcp-a',
      listen: [{ address: '127.0.0.1', port }],
      'trusted-relays': 'any',
      subnets: [pool],
    };
    installation.configure({ server, queue: { file: './a.queue' }, audit: { url: 'sqlite:./audit.db' } });
    const running = await installation.serve('here');
    const started = JSON.parse((await run('checkpoint')).stdout);
    assert.equal(started.sequence > 5, true, 'the start was signed');
    const rotated = await run('key', 'rotate');
    assert.equal(rotated.code, 0, rotated.stderr);
    const [, next, by] = /^Key (\w+) signs from now on, certified by (\w+)$/m.exec(rotated.stdout)!;
    assert.equal(by, started.keyId);
    assert.deepEqual(await running.stop('SIGTERM'), { code: 0, signal: null });
    const stopped = JSON.parse((await run('checkpoint')).stdout);
    assert.deepEqual(
      [stopped.keyId, stopped.sequence],
      [next, started.sequence + 1],
      'the stop was signed by the new key',
    );
    await run('ship', '--once');
    const { code, stdout } = await run('verify');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /; 0 events after it/);
  });

  it('write a bundle that needs neither trail nor configuration to be checked', async () => {
    const file = join(folder, 'case.json');
    const question = ['evidence', '--ip', '10.0.0.3', '--at', '2026-11-20T12:30:00Z', '-f', file];
    const made = await run(...question);
    assert.equal(made.code, 0, made.stderr);
    assert.equal(made.stderr, '');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const elsewhere = makeTempDir();
    try {
      const bare = new Installation(elsewhere, {});
      const good = await bare.run('here', 'verify', '--bundle', file, '--public-key', `${queue}.key.pub`);
      assert.equal(good.code, 0, good.stdout);
      assert.match(
        good.stdout,
        /^VERIFIED with the given public keys: 2 records form a chain up to a signed checkpoint/,
      );
      writeFileSync(file, readFileSync(file, 'utf8').replace('"port": "p1"', '"port": "p2"'));
      const bad = await bare.run('here', 'verify', '--bundle', file, '--public-key', `${queue}.key.pub`);
      assert.equal(bad.code, 4);
      assert.match(bad.stdout, /FAULT The sighting does not follow from the records/);
    } finally {
      removeTempDir(elsewhere);
    }
    const again = await run(...question);
    assert.equal(again.code, 2, 'a file that is there is not overwritten');
    assert.equal((await run('evidence', '--ip', '10.9.9.9', '--at', 'now', '-f', join(folder, 'none.json'))).code, 1);
  });

  it('warn of a bundle that does not verify, since the trail was changed', async () => {
    await onTrail((trail) => trail.knex('events').where('sequence', 4).update({ xid: 99 }));
    const file = join(folder, 'case.json');
    const made = await run('evidence', '--ip', '10.0.0.3', '--at', '2026-11-20T12:30:00Z', '-f', file);
    assert.equal(made.code, 4);
    assert.match(made.stderr, /^warning: Queue .* one of them was changed, left out or put in$/m);
    assert.match(made.stderr, /^warning: this bundle does not verify; run portledger verify/m);
    assert.equal((await run('verify', '--bundle', file)).code, 4);
  });

  it('say in one line what is wrong with their files, and exit 2', async () => {
    for (const args of [
      ['--public-key', join(folder, 'none.pub')],
      ['--public-key', `${queue}.key`],
      ['--bundle', `${queue}.key.pub`],
      ['--checkpoint', `${queue}.key.pub`],
      ['--from', 'sometime'],
      ['--from', 'now', '--to', '1h ago'],
      ['--bundle', `${queue}.key.pub`, '--server', 'dhcp-a'],
      ['--bundle', `${queue}.key.pub`, '--checkpoint', `${queue}.key.pub`],
    ]) {
      const { code, stderr } = await run('verify', ...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, /^error: [^\n]+\)\n$/);
    }
  });
});

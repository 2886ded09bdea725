import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Installation } from '../../../rig/lab/processes.js';
import type { Program } from '../../../rig/lab/program.js';
import { until } from '../../../rig/lab/until.js';
import { REJECT } from '../../../src/protocol/failover/codes.js';
import type { OptionValues } from '../../../src/protocol/failover/options.js';
import { TestPartner } from '../../support/failover-partner.js';
import { TestRelay } from '../../support/relay-agent.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const [OWN, PEER, RELAY] = ['127.66.49.1', '127.66.49.2', '127.66.49.9'];

describe('portledger failover', function () {
  this.timeout(30_000);
  let folder: string;
  let installation: Installation;
  let section: { listen: [{ address: string; port: number }] } & Record<string, unknown>;
  let server: Program | undefined;
  let partner: Program | undefined;

  beforeEach(() => {
    folder = makeTempDir();
  });

  afterEach(async () => {
    for (const program of [server, partner]) await program?.stop();
    server = undefined;
    partner = undefined;
    removeTempDir(folder);
  });

  /** Starts a server with these relationships; nobody is their partner. Returns their ports. */
  async function start(names: readonly string[]): Promise<number[]> {
    const relay = await TestRelay.open(RELAY, OWN);
    const { port } = relay;
    relay.close();
    const failover = await Promise.all(
      names.map(async (name, i) => ({
        name,
        role: 'primary',
        address: OWN,
        port: await freePort(),
        'peer-address': i === 0 ? PEER : '127.66.49.3',
        mclt: '10m',
        split: 128,
      })),
    );
    const pools =
      names.length === 0
        ? ['127.66.100.1-127.66.100.9']
        : names.map((name, i) => ({ range: `127.66.10${i}.1-127.66.10${i}.9`, failover: name }));
    section = {
      name: 'dhcp-a',
      listen: [{ address: OWN, port }],
      failover,
      subnets: [{ subnet: '127.66.0.0/16', pools }],
    };
    installation = new Installation(folder, { server: section, queue: { file: 'server.queue' } });
    server = await installation.serve('here');
    return failover.map((one) => one.port);
  }

  /** Starts the secondary of `campus`, which finds the primary at this port. */
  async function startPartner(port: number): Promise<Program> {
    const listen = [{ address: PEER, port: section.listen[0].port }];
    const failover = { name: 'campus', role: 'secondary', address: PEER, 'peer-address': OWN, 'peer-port': port };
    const place = join(folder, 'partner');
    mkdirSync(place);
    return await new Installation(place, {
      server: { ...section, name: 'dhcp-b', listen, failover: [failover] },
      queue: { file: 'server.queue' },
    }).serve('here');
  }

  const run = (...args: string[]) => installation.run('here', 'failover', ...args);

  it('says that no server runs, or that it has no partner', async () => {
    await start([]);
    assert.deepEqual(await run('status'), { code: 1, stdout: '', stderr: 'no failover relationship\n' });
    const refused = await run('partner-down');
    assert.deepEqual([refused.code, refused.stdout], [2, '']);
    assert.match(refused.stderr, /^error: This server has no failover relationship/);
    await server!.stop();
    const { code, stderr } = await run('status');
    assert.equal(code, 3);
    assert.match(stderr, /^error: No server runs on queue .*server\.queue/);
  });

  it('shows a partner that was never there, as table and as JSON', async () => {
    await start(['campus']);
    await server!.waitFor(/failover-unreachable: Failover campus: partner cannot be reached at 127\.66\.49\.2:647: /);
    const table = await run('status');
    assert.equal(table.code, 0);
    assert.match(table.stdout, /^relationship +campus \(primary, mclt 600 s\)\n/);
    assert.match(table.stdout, /^this server +startup since /m);
    assert.match(table.stdout, /^answers +nobody: it waits for the partner, for 15 s at most$/m);
    assert.match(table.stdout, /^partner +unknown$/m);
    assert.match(table.stdout, /^connection +down, last contact never$/m);
    assert.match(table.stdout, /^last attempt +connect ECONNREFUSED 127\.66\.49\.2:647/m);
    assert.match(table.stdout, /^clock +not compared yet$/m);
    assert.match(table.stdout, /^pool +127\.66\.100\.1-127\.66\.100\.9: 9 free for the primary, 0 for the secondary$/m);
    const [shown, ...more] = JSON.parse((await run('status', '-o', 'json')).stdout);
    assert.equal(more.length, 0);
    assert.deepEqual(
      { ...shown, since: null, unreachable: shown.unreachable.split(' ')[1] },
      {
        name: 'campus',
        role: 'primary',
        state: 'startup',
        since: null,
        partnerState: null,
        partnerSince: null,
        connected: false,
        lastContact: null,
        unreachable: 'ECONNREFUSED',
        failure: null,
        unacked: 0,
        pending: 0,
        clockDifference: null,
        mclt: 600,
        withholdsUntil: null,
        waitsUntil: null,
        takesOverAt: null,
        pools: [{ pool: '127.66.100.1-127.66.100.9', free: 9, backup: 0 }],
      },
    );
    const status = await installation.run('here', 'status');
    assert.match(
      status.stdout,
      /failover\n +name=campus role=primary state=startup partnerState=unknown connected=false/,
    );
  });

  it('shows why there is no connection, whichever side refused it, until there is one', async () => {
    const [port] = (await start(['campus'])) as [number];
    const shown = async () => JSON.parse((await run('status', '-o', 'json')).stdout)[0];
    const refusing = { 'reject-reason': REJECT.TIME_MISMATCH, message: 'no time' };
    const cases: [OptionValues, string, RegExp][] = [
      [{}, 'refused: unknown relationship "pair"', /^last failure +\d+ s ago, refused: unknown relationship "pair"$/m],
      [
        refusing,
        'refused by the partner: no time (4)',
        /^last failure +\d+ s ago, refused by the partner: no time \(4\)$/m,
      ],
    ];
    for (const [words, reason, line] of cases) {
      const peer = await TestPartner.greet(PEER, OWN, port, words);
      await until('the reason', async () => (await shown()).failure?.reason === reason);
      assert.match((await run('status')).stdout, line);
      peer.close();
    }
    const peer = await TestPartner.greet(PEER, OWN, port, { 'relationship-name': 'campus' });
    await until('a connection', async () => (await shown()).connected);
    assert.equal((await shown()).failure, null);
    peer.close();
    await until('its end', async () => (await shown()).failure?.reason === 'lost: the partner closed the connection');
  });

  it('tells one of several relationships that its partner is down, and logs the move', async () => {
    await start(['campus', 'lab']);
    const unnamed = await run('partner-down');
    assert.equal(unnamed.code, 2);
    assert.match(unnamed.stderr, /several relationships: say which one, of campus, lab/);
    const unknown = await run('partner-down', 'labs');
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /Relationship "labs" is not known, there is campus, lab/);
    assert.deepEqual(await run('partner-down', 'lab'), { code: 0, stdout: 'lab: partner-down\n', stderr: '' });
    await server!.waitFor(
      /failover-state: Failover lab: this server moves from RECOVER to PARTNER-DOWN: command of the operator/,
    );
    const states = JSON.parse((await run('status', '-o', 'json')).stdout);
    assert.deepEqual(
      states.map(({ name }: { name: string }) => name),
      ['campus', 'lab'],
    );
    // The other one may have waited for its partner long enough by now
    assert.match(states[0].state, /^(startup|recover)$/);
    assert.equal(states[1].state, 'partner-down');
  });

  it('shuts a relationship down only once it knows its leases, and resumes it', async () => {
    const [port] = (await start(['campus'])) as [number];
    const early = await run('shutdown');
    assert.deepEqual([early.code, early.stdout], [2, '']);
    assert.match(
      early.stderr,
      /^error: Failover campus refuses shutdown: this server does not know yet what it and its partner have leased: let it recover/,
    );
    partner = await startPartner(port);
    await server!.waitFor(/failover-state: .* to NORMAL/, 40_000);
    server!.signal('SIGSTOP');
    const late = await run('shutdown');
    server!.signal('SIGCONT');
    assert.deepEqual([late.code, late.stdout], [3, '']);
    assert.match(late.stderr, /no answer within 5 s/);
    // What was given up is not followed when the server goes on
    assert.equal(JSON.parse((await run('status', '-o', 'json')).stdout)[0].state, 'normal');
    assert.deepEqual(await run('shutdown'), { code: 0, stdout: 'campus: shutdown\n', stderr: '' });
    await partner.waitFor(/failover-state: .* to PARTNER-DOWN/);
    const paused = await run('pause');
    assert.deepEqual([paused.code, paused.stdout], [2, '']);
    assert.match(paused.stderr, /^error: Failover campus refuses pause: this server is in shutdown, not in normal/);
    const resumed = await run('resume');
    assert.deepEqual([resumed.code, resumed.stdout, resumed.stderr], [0, 'campus: recover\n', '']);
    const again = await run('resume');
    assert.equal(again.code, 2);
    assert.match(
      again.stderr,
      /^error: Failover campus refuses resume: this server is in [a-z-]+, not in paused or shutdown/,
    );
  }).timeout(90_000);
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => void probe.listen(0, OWN, resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

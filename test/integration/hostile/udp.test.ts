import assert from 'node:assert/strict';
import { residentBytes, slopeOf } from '../../../rig/lab/process-memory.js';
import { Installation } from '../../../rig/lab/processes.js';
import type { Program } from '../../../rig/lab/program.js';
import { until } from '../../../rig/lab/until.js';
import { formatIpv4 } from '../../../src/net/ipv4.js';
import { SERVER_CONTRACT } from '../../../src/operate/control/contract.js';
import { askServer, controlPath } from '../../../src/operate/control/control.js';
import { CAPTURES, packetsOf } from '../../protocol/dhcpv4/packets.js';
import { followUp, hostileDatagram } from '../../support/hostile.js';
import { option82 } from '../../support/lab.js';
import { randomFrom, runSeed } from '../../support/random.js';
import { TestRelay } from '../../support/relay-agent.js';
import { FUZZ_COUNT, sized } from '../../support/size.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const SEED = runSeed();
/** The server is in none of its subnets, so that no forged giaddr makes it send to itself. */
const [SERVER, RELAY, ATTACKER] = ['127.76.54.32', '127.77.0.2', '127.77.0.3'];
/** Datagrams on their way at most: as many fit into the server's receive buffer, so that none is lost. */
const WINDOW = 100;
/** A normal client asks this often while the flood goes on. */
const CLIENT_TURNS = 20;

interface Counts {
  traffic: Record<string, number>;
  drops: Record<string, number>;
}

/** Bytes. In a short run the heap of a young process still grows to its working size; the long one shows that it stays there. */
const ALLOWED_GROWTH = sized(60e6, 24e6);

describe(`${FUZZ_COUNT} hostile datagrams over UDP at a running server (PORTLEDGER_SEED=${SEED})`, function () {
  this.timeout(120_000 + FUZZ_COUNT);
  let folder: string;
  let queueFile: string;
  const memory: [datagrams: number, bytes: number][] = [];
  const waits: number[] = [];
  let client: TestRelay;
  let attacker: TestRelay;
  let server: Program;
  let counts: Counts;
  let seconds: number;
  let sent = 0;

  const status = async () => (await askServer(controlPath(queueFile), SERVER_CONTRACT, 'status')) as Counts;

  /** Waits until the server has taken in all that was sent, apart from `ahead` datagrams. */
  async function pace(ahead: number): Promise<Counts> {
    return await until(
      'datagrams taken in by the server',
      async () => {
        const now = await status();
        return (now.traffic.received ?? 0) + ahead >= sent && now;
      },
      { detail: () => `${sent} were sent\n${server.output}` },
    );
  }

  /** A lease for the client, which was there before the flood. */
  async function serveClient(): Promise<string | undefined> {
    const before = performance.now();
    const ack = await client.lease({ mac: '02beef000001', option82: option82('Gi1/0/1', 'sw-a') });
    waits.push(performance.now() - before);
    sent += 2;
    return ack && formatIpv4(ack.yiaddr);
  }

  before(async () => {
    folder = makeTempDir();
    queueFile = `${folder}/test.queue`;
    client = await TestRelay.open(RELAY, SERVER);
    const port = client.port;
    attacker = await TestRelay.open(ATTACKER, SERVER, port);
    const installation = new Installation(folder, {
      server: {
        name: 'dhcp-a',
        listen: [{ address: SERVER, port }],
        'trusted-relays': ['127.77.0.0/24'],
        'lease-time': '5s',
        'min-lease-time': '5s',
        'offer-time': '2s',
        'decline-time': '2s',
        subnets: [
          {
            subnet: '127.77.0.0/16',
            pools: ['127.77.1.0-127.77.1.199'],
            reservations: [{ mac: '02:be:ef:00:00:01', address: '127.77.2.1', 'lease-time': '1d' }],
          },
        ],
      },
      queue: { file: queueFile },
      log: { format: 'json' },
    });
    server = await installation.serve('here');
    assert.equal(await serveClient(), '127.77.2.1');
    await flood();
  });

  after(async () => {
    await server?.stop();
    client?.close();
    attacker?.close();
    removeTempDir(folder);
  });

  async function flood(): Promise<void> {
    const random = randomFrom(SEED);
    const real = CAPTURES.flatMap(packetsOf).map(({ payload }) => payload);
    const addresses = Array.from({ length: 220 }, (_, i) => `127.77.1.${i}`);
    const known = { serverId: SERVER!, relays: [ATTACKER!, '127.77.0.4', '203.0.113.9'], addresses };
    const started = performance.now();
    for (let step = 1; step <= CLIENT_TURNS; step++) {
      while (sent < (FUZZ_COUNT * step) / CLIENT_TURNS) {
        for (let i = 0; i < WINDOW / 2; i++) attacker.sendBytes(hostileDatagram(real, random, known));
        const replies = attacker.replies.splice(0).slice(0, WINDOW / 2);
        const answers = replies.flatMap((reply) => followUp(reply, random) ?? []);
        for (const answer of answers) attacker.sendBytes(answer);
        sent += WINDOW / 2 + answers.length;
        await pace(WINDOW / 2);
      }
      assert.equal(await serveClient(), '127.77.2.1', server.output);
      memory.push([sent, residentBytes(server.pid)]);
    }
    counts = await pace(0);
    seconds = (performance.now() - started) / 1000;
  }

  it('are each counted as answered, as taken without reply, or under one reason', () => {
    const { traffic, drops } = counts;
    const answered = ['offers-sent', 'acks-sent', 'naks-sent', 'taken-without-reply'].map((what) => traffic[what] ?? 0);
    assert.ok(
      answered.every((count) => count > 0),
      JSON.stringify(traffic),
    );
    assert.equal(sum([...answered, ...Object.values(drops)]), sent, JSON.stringify(counts));
    assert.equal(traffic.received, sent);
    assert.ok(Object.keys(drops).length >= 12, JSON.stringify(drops));
    assert.equal(drops['internal-error'], undefined);
  });

  it('do not keep a normal client from its address, and it never waits long', () => {
    const slowest = Math.max(...waits);
    assert.ok(slowest < 2000, `a client waited ${slowest} ms`);
  });

  it('leave the memory of the server flat', () => {
    // The first part of the run fills caches and pools and lets the compiler work
    const settled = memory.slice(CLIENT_TURNS / 4);
    const grown = slopeOf(settled) * (settled.at(-1)![0] - settled[0]![0]);
    const shown = memory.map(([, bytes]) => Math.round(bytes / 1e6)).join(' ');
    console.log(`      memory in MB: ${shown}`);
    assert.ok(grown < ALLOWED_GROWTH, `memory grew by ${grown} bytes: ${shown}`);
  });

  it('cost a few log lines, which tell how many they stand for', async () => {
    const { code } = await server.stop();
    assert.equal(code, 0, server.output);
    const lines = server.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const told = lines.filter(({ id }) => id === 'request-dropped');
    assert.ok(told.length <= seconds / 10 + 2, `${told.length} lines in ${seconds} s`);
    assert.equal(sum(told.map(({ fields }) => fields.suppressed ?? 0)) + told.length, sum(Object.values(counts.drops)));
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

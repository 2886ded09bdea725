import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Installation } from '../../../rig/lab/processes.js';
import { Program } from '../../../rig/lab/program.js';
import { TSX } from '../../../rig/lab/tsx.js';
import { formatIpv4 } from '../../../src/net/ipv4.js';
import { decodeMessage } from '../../../src/protocol/dhcpv4/message.js';
import { encodeRequest, option82, type RequestSketch, TYPE } from '../../support/lab.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const SERVER = '127.77.0.1';
const RELAY = '127.77.0.2';
const FLOOD_RATE = 20_000;
const CLIENTS = 150;
const PAUSE_MS = 20;
/** A client sends again after 4 s (RFC 2131 section 4.1); an answer that comes later than this counts as none. */
const PATIENCE_MS = 3000;

interface Outcome {
  /** Milliseconds from DISCOVER to ACK of each client that was served at its first attempt. */
  served: number[];
  lost: number;
}

describe('A flood from one port, over UDP', function () {
  this.timeout(120_000);
  let folder: string;
  let server: Program;
  let flooder: Program | undefined;
  let relay: Socket;
  let port: number;
  const waiting = new Map<number, (bytes: Buffer) => void>();

  before(async () => {
    folder = makeTempDir();
    relay = createSocket('udp4');
    relay.bind(0, RELAY);
    await once(relay, 'listening');
    relay.setRecvBufferSize(4 << 20);
    port = relay.address().port;
    relay.on('message', (bytes) => waiting.get(bytes.readUInt32BE(4))?.(bytes));
    const installation = new Installation(folder, {
      server: {
        name: 'dhcp-a',
        listen: [{ address: SERVER, port }],
        'trusted-relays': ['127.77.0.0/16'],
        'max-leases-per-port': 8,
        subnets: [{ subnet: '127.77.0.0/16', pools: ['127.77.16.0-127.77.31.255'] }],
      },
      queue: { file: './a.queue' },
    });
    server = await installation.serve('here');
  });
  after(async () => {
    await flooder?.stop('SIGKILL');
    await server?.stop('SIGKILL');
    relay?.close();
    removeTempDir(folder);
  });

  function ask(
    sketch: Omit<RequestSketch, 'giaddr'> & { xid: number },
  ): Promise<ReturnType<typeof decodeMessage> | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => answered(undefined), PATIENCE_MS);
      const answered = (bytes: Buffer | undefined) => {
        clearTimeout(timer);
        waiting.delete(sketch.xid);
        resolve(bytes && decodeMessage(bytes));
      };
      waiting.set(sketch.xid, answered);
      relay.send(encodeRequest({ ...sketch, giaddr: RELAY }), port, SERVER);
    });
  }

  /** One client on a port of its own: the milliseconds until its ACK, undefined if it got none. */
  async function boot(number: number): Promise<number | undefined> {
    const started = performance.now();
    const mac = `0200${number.toString(16).padStart(8, '0')}`;
    const client = { mac, option82: option82(`port ${number}`, 'sw'), xid: 0x80000000 + 2 * number };
    const offer = await ask({ ...client, type: TYPE.discover });
    if (!offer) return undefined;
    const requested = formatIpv4(offer.yiaddr);
    const ack = await ask({ ...client, xid: client.xid + 1, type: TYPE.request, requested, serverId: SERVER });
    return ack?.options.get(53)?.[0] === TYPE.ack ? performance.now() - started : undefined;
  }

  async function bootAll(first: number): Promise<Outcome> {
    const clients: Promise<number | undefined>[] = [];
    for (let i = 0; i < CLIENTS; i++) {
      clients.push(boot(first + i));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    const times = await Promise.all(clients);
    const served = times.filter((time) => time !== undefined).sort((a, b) => a - b);
    return { served, lost: CLIENTS - served.length };
  }

  it('leaves the clients of the other ports of its relay served, at their first attempt and in time', async () => {
    const calm = await bootAll(0);
    const program = fileURLToPath(new URL('./flooder.ts', import.meta.url));
    const words = ['--import', TSX, program, RELAY, SERVER, `${port}`, `${FLOOD_RATE}`];
    flooder = new Program([process.execPath, ...words]);
    await flooder.waitFor(/\n/, 20_000);
    const flooded = await bootAll(CLIENTS);
    const seconds = flooder.stdout.trim().split('\n').length;
    const rate = Number(flooder.stdout.trim().split('\n').at(-1)) / seconds;
    console.log(`      unflooded: ${describeOutcome(calm)}`);
    console.log(`      beside ${Math.round(rate)} DISCOVERs per second of one port: ${describeOutcome(flooded)}`);
    assert.equal(calm.lost, 0);
    assert.ok(rate > 2000, `the flood was ${rate} per second only`);
    assert.ok(flooded.lost <= CLIENTS / 20, `${flooded.lost} of ${CLIENTS} clients were not served`);
    assert.ok(percentile(flooded.served, 0.95) < 1000, describeOutcome(flooded));
  });
});

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.POSITIVE_INFINITY;
}

function describeOutcome({ served, lost }: Outcome): string {
  const [median, tail, worst] = [0.5, 0.95, 1].map((share) => percentile(served, share).toFixed(1));
  return `${served.length} of ${served.length + lost} clients served, DISCOVER to ACK in ${median} ms (95 % ${tail}, all ${worst})`;
}

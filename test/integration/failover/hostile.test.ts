import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { Installation } from '../../../rig/lab/processes.js';
import type { Program } from '../../../rig/lab/program.js';
import { until } from '../../../rig/lab/until.js';
import { TestRelay } from '../../support/relay-agent.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const [OWN, PEER, STRANGER, RELAY] = ['127.66.47.1', '127.66.47.2', '127.66.47.3', '127.66.47.9'] as const;
const RELATIONSHIP = 'pair';
const CONNECTACK = 6;

/** A message of the protocol with these options. */
function message(
  type: number,
  options: readonly [number, Uint8Array | string][] = [],
  time = Date.now() / 1000,
): Buffer {
  const parts = options.map(([code, value]) => {
    const bytes = Buffer.from(value as string);
    const header = Buffer.alloc(4);
    header.writeUInt16BE(code, 0);
    header.writeUInt16BE(bytes.length, 2);
    return Buffer.concat([header, bytes]);
  });
  const header = Buffer.alloc(12);
  header.writeUInt16BE(12 + parts.reduce((sum, part) => sum + part.length, 0), 0);
  header.writeUInt8(type, 2);
  header.writeUInt8(12, 3);
  header.writeUInt32BE(Math.floor(time), 4);
  return Buffer.concat([header, ...parts]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** How a secondary answers a primary's CONNECT; its clock says this. */
function greeting(name: string, time?: number): Buffer {
  const options: [number, Uint8Array | string][] = [
    [22, name],
    [14, u32(10)],
    [19, u32(20)],
    [28, 'isc-4.4.3-P1'],
    [20, Uint8Array.of(1)],
  ];
  return message(CONNECTACK, options, time);
}

const update = message(3, [
  [2, Uint8Array.of(198, 18, 16, 1)],
  [3, Uint8Array.of(1)],
]);

/** What the peer does, what it sends, and what the log line says of it. */
const PEERS: [title: string, bytes: () => Buffer, line: RegExp][] = [
  [
    'sends a message of no known type',
    () => Buffer.concat([greeting(RELATIONSHIP), message(99, [[2, Uint8Array.of(1, 2, 3, 4)]])]),
    /failover-disconnected/,
  ],
  ['sends a frame shorter than a header', () => Buffer.from([0, 5, 1, 12, 0]), /failover-broken-message/],
  [
    'sends a frame of 65535 octets',
    () => Buffer.from([0xff, 0xff, 5, 12, ...Buffer.alloc(8)]),
    /failover-broken-message/,
  ],
  [
    'sends an option longer than its message',
    () => Buffer.concat([greeting(RELATIONSHIP), message(3, [[2, Buffer.alloc(4)]]).fill(0xff, 14, 16)]),
    /failover-disconnected/,
  ],
  ['sends bytes without sense', () => Buffer.alloc(4096, 0x47), /failover-broken-message/],
  ['has another name for the relationship', () => greeting('other'), /failover-refused/],
  [
    'has a clock that is 2 minutes ahead',
    () => greeting(RELATIONSHIP, Date.now() / 1000 + 120),
    /failover-clocks-differ/,
  ],
  ['sends updates before it has said who it is', () => update, /failover-broken-message/],
  [
    'floods with updates that are not waited for',
    () => Buffer.concat([greeting(RELATIONSHIP), ...Array.from({ length: 100_000 }, () => update)]),
    /failover-disconnected/,
  ],
];

describe('A hostile failover peer', function () {
  this.timeout(60_000);
  let folder: string;
  let server: Program;
  let installation: Installation;
  let relay: TestRelay;

  beforeEach(async () => {
    folder = makeTempDir();
    relay = await TestRelay.open(RELAY, OWN);
    port = await freePort();
    installation = new Installation(folder, configuration(relay.port, port));
    server = await installation.serve('here');
    const { code, stderr } = await installation.run('here', 'failover', 'partner-down');
    assert.equal(code, 0, stderr);
    // A server that begins without a memory gives nothing before the longest lease could be over
    await until('service', () => servesClient(500), { withinMs: 20_000, detail: () => server.output });
  });

  let port: number;

  afterEach(async () => {
    await server?.stop();
    relay?.close();
    if (folder) removeTempDir(folder);
  });

  async function servesClient(withinMs: number): Promise<boolean> {
    const mac = Math.floor(Math.random() * 0xffffff)
      .toString(16)
      .padStart(6, '0');
    return (await relay.lease({ mac: `02f000${mac}` }, withinMs)) !== undefined;
  }

  async function servesClients(): Promise<void> {
    assert.ok(await servesClient(3000), server.output.slice(-2000));
  }

  for (const [title, bytes, line] of PEERS) {
    it(`that ${title} is cut off with one line, and clients are served`, async () => {
      const logged = server.output.length;
      const socket = await dial(PEER, port);
      const closed = new Promise((resolve) => socket.on('close', resolve));
      socket.write(bytes());
      await closed;
      await until('a line', () => line.test(server.output.slice(logged)));
      const lines = server.output
        .slice(logged)
        .split('\n')
        .filter((text) => / (warn|error) /i.test(text));
      assert.ok(
        lines.filter((text) => /failover-(broken|refused|clocks|disconnected)/.test(text)).length === 1,
        lines.join('\n'),
      );
      await servesClients();
    });
  }

  it('that says nothing is cut off, and clients are served meanwhile', async () => {
    const socket = await dial(PEER, port);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await servesClients();
    await closed;
    await servesClients();
  });

  it('that opens connections without end gets eight', async () => {
    const sockets = await Promise.all(Array.from({ length: 40 }, () => dial(PEER, port)));
    await until('32 of 40 closed', () => sockets.filter(({ closed }) => closed).length >= 32);
    assert.match(server.output, /failover-too-many-connections/);
    await servesClients();
    for (const socket of sockets) socket.destroy();
  });

  it('is nobody else than the configured address', async () => {
    const socket = await dial(STRANGER, port);
    let received = 0;
    socket.on('data', (data) => {
      received += data.length;
    });
    socket.write(greeting(RELATIONSHIP));
    await new Promise((resolve) => socket.on('close', resolve));
    assert.equal(received, 0);
    assert.match(server.output, /failover-stranger.*127\.66\.47\.3/);
    await servesClients();
  });
});

async function dial(from: string, port: number): Promise<Socket> {
  const socket = connect({ host: OWN, port, localAddress: from });
  socket.on('error', () => undefined);
  socket.resume();
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => void probe.listen(0, OWN, resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function configuration(port: number, own: number) {
  return {
    server: {
      name: 'dhcp-a',
      listen: [{ address: OWN, port }],
      'trusted-relays': ['127.66.0.0/16'],
      'lease-time': 5,
      failover: [
        {
          name: RELATIONSHIP,
          role: 'primary',
          mclt: 1,
          split: 128,
          address: OWN,
          port: own,
          'peer-address': PEER,
        },
      ],
      subnets: [{ subnet: '127.66.0.0/16', pools: [{ range: '127.66.100.1-127.66.101.254', failover: RELATIONSHIP }] }],
    },
    queue: { file: 'server.queue' },
  };
}

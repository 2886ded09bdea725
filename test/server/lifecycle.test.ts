import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { UsageError } from '../../src/base/errors.js';
import { serveSettings } from '../../src/config/config.js';
import { loadConfig } from '../../src/config/load.js';
import type { LedgerEvent } from '../../src/ledger/event/event.js';
import { QueueReader } from '../../src/ledger/queue/reader.js';
import { DhcpServer } from '../../src/server/server.js';
import type { ServeSettings } from '../../src/server/settings.js';
import { TestLogger } from '../support/lab.js';
import { TestRelay } from '../support/relay-agent.js';
import { makeTempDir, removeTempDir } from '../support/temp.js';

const [SERVER, OTHER, RELAY] = ['127.76.54.35', '127.76.54.36', '127.77.0.8'];

describe('The server, from start to stop', () => {
  let folder: string;
  let relay: TestRelay;
  let logger: TestLogger;

  beforeEach(async () => {
    folder = makeTempDir();
    relay = await TestRelay.open(RELAY!, SERVER!);
    logger = new TestLogger();
  });
  afterEach(() => {
    relay.close();
    removeTempDir(folder);
  });

  function config(addresses: string[] = [SERVER!], queue: Record<string, unknown> = {}): ServeSettings {
    const file = `${folder}/portledger.yaml`;
    writeFileSync(
      file,
      stringify({
        server: {
          name: 'dhcp-a',
          listen: addresses.map((address) => ({ address, port: relay.port })),
          'trusted-relays': [RELAY],
          subnets: [{ subnet: '127.77.0.0/16', pools: ['127.77.16.0-127.77.16.255'] }],
        },
        queue: { file: './dhcp-a.queue', ...queue },
      }),
    );
    return serveSettings(loadConfig(file));
  }

  function start(): Promise<DhcpServer> {
    return DhcpServer.start(config(), { server: logger, net: logger, queue: logger, failover: logger });
  }

  function events(): LedgerEvent[] {
    const reader = QueueReader.open(`${folder}/dhcp-a.queue`);
    try {
      return reader.read(0, 1000);
    } finally {
      reader.close();
    }
  }

  /** Takes the server's port, as another program would. Returns what gives it back. */
  async function occupy(): Promise<() => void> {
    const socket = createSocket('udp4');
    socket.bind(relay.port, SERVER);
    await once(socket, 'listening');
    return () => socket.close();
  }

  it('warns of a queue that was lost, by the key that it left, and not of a first start', async () => {
    const lost = () => logger.lines.filter(({ id }) => id === 'queue-lost');
    await (await start()).stop();
    await (await start()).stop();
    assert.deepEqual(lost(), []);
    const file = `${folder}/dhcp-a.queue`;
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
    await (await start()).stop();
    assert.deepEqual(lost(), [{ id: 'queue-lost', fields: { file, found: `${file}.key` } }]);
    await (await start()).stop();
    assert.equal(lost().length, 1);
  });

  it('records nothing of a start that fails, however often it is tried', async () => {
    const free = await occupy();
    for (let attempt = 0; attempt < 3; attempt++) await assert.rejects(start(), UsageError);
    free();
    assert.deepEqual(events(), []);
    assert.ok(!logger.ids().includes('server-stopped'));
    const server = await start();
    await server.stop();
    assert.deepEqual(
      events().map(({ kind, detail }) => [kind, detail]),
      [
        ['server-started', 'first start'],
        ['server-stopped', null],
      ],
    );
  });

  it('leaves the span since the last stop as one, if starts in between failed', async () => {
    await (await start()).stop();
    const stopped = events().at(-1)!;
    const free = await occupy();
    await assert.rejects(start(), UsageError);
    free();
    await (await start()).stop();
    const kinds = events().map(({ kind }) => kind);
    assert.deepEqual(kinds, ['server-started', 'server-stopped', 'server-started', 'server-stopped']);
    assert.equal(events()[2]!.leaseStart, stopped.at);
  });

  it('ends with no socket open, and its stop recorded once, when it is stopped in the middle of a reload', async () => {
    const server = await start();
    const reload = server.reload(config([SERVER!, OTHER!])).then(
      () => 'done',
      () => 'refused',
    );
    await server.stop();
    await reload;
    for (const address of [SERVER, OTHER]) {
      const socket = createSocket('udp4');
      socket.bind(relay.port, address);
      await once(socket, 'listening');
      socket.close();
    }
    assert.equal(events().at(-1)!.kind, 'server-stopped');
    assert.equal(logger.ids().at(-1), 'server-stopped');
  });

  it('begins no reload once it is stopped', async () => {
    const server = await start();
    const stopped = server.stop();
    await assert.rejects(server.reload(config([OTHER!])), /The server is stopping/);
    await stopped;
    await assert.rejects(server.reload(config([OTHER!])), /The server is stopping/);
  });

  it('refuses a reload that would sign with another key file', async () => {
    const server = await start();
    await assert.rejects(
      server.reload(config([SERVER!], { 'key-file': './other.key' })),
      /queue\.key-file cannot change/,
    );
    await server.stop();
  });
});

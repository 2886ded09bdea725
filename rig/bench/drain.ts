import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { QueueReader } from '../../src/ledger/queue/reader.js';
import { startMariadb } from '../lab/database.js';
import { Campus } from '../lab/netns.js';
import type { Installation } from '../lab/processes.js';
import { fillQueue } from './backlog.js';
import { type Load, ownLoad } from './load.js';
import { installed, SERVER_NAME } from './peers.js';
import { type Row, ratioRows } from './result.js';
import type { Settings } from './settings.js';
import { lay } from './site.js';

const CLIENTS = 60_000;
const ADDRESSES = 65_000;
const PORTS = 5000;
/** Exchanges per second: about half of what the server can do beside the load. */
const RATE = 3000;
/** Events of one batch of the shipper. */
const BATCH = 20_000;
const IDLE = 'no shipper';
const DRAINING = 'shipper drains a backlog';

/** Measures how long clients wait without a shipper, and while a shipper drains a large backlog into MariaDB on the same machine. */
export async function drain(settings: Settings): Promise<Row[]> {
  const campus = new Campus();
  const database = await startMariadb({ args: ['--innodb-buffer-pool-size=1G'] });
  try {
    const site = lay(campus, settings);
    const folder = join(settings.folder, 'drain');
    mkdirSync(folder);
    const installation = installed(folder, ADDRESSES, database.url);
    const file = join(folder, 'dhcp.queue');
    const backlog = { addresses: 20_000, sharing: 'roaming', step: 2000, offset: 0 } as const;
    fillQueue(file, { ...backlog, server: SERVER_NAME, events: settings.quick ? 300_000 : 800_000 });
    await installation.start('here', 'migrate').succeed(60_000);
    const server = await installation.serve(site.server);
    const load = ownLoad(site.load, site.program, { clients: CLIENTS, ports: PORTS, mode: 'exchange' });
    // Warm up: both cases then run compiled code on full tables
    await load(RATE, settings.seconds);
    const rows = await measure(installation, file, load, settings);
    await server.stop('SIGTERM', 30_000);
    return ratioRows(rows, DRAINING);
  } finally {
    await campus.remove();
    await database.remove();
  }
}

async function measure(installation: Installation, file: string, load: Load, settings: Settings): Promise<Row[]> {
  const rows: Row[] = [];
  const measured = async (subject: string): Promise<Row[]> => {
    // Only many exchanges show the slowest ones
    const { p50, p99, lost } = await load(RATE, 3 * settings.seconds);
    const row = (what: string, value: number): Row => ({
      part: 'drain',
      what: `${what} at ${RATE} exchanges/s`,
      subject,
      value,
    });
    return [row('p50, ms,', p50 / 1000), row('p99, ms,', p99 / 1000), row('lost, %,', 100 * lost)];
  };
  for (let round = 0; round < settings.rounds + 1; round++) {
    const idle = await measured(IDLE);
    const shipper = await installation.ship('here');
    const draining = await measured(DRAINING);
    await shipper.stop('SIGKILL');
    // If the shipper finished its backlog during the load, this round does not count, only those before
    if (depthOf(file) <= BATCH) break;
    rows.push(...idle, ...draining);
  }
  assert.ok(rows.length > 0, 'The backlog was too small for the shipper');
  return rows;
}

function depthOf(file: string): number {
  const reader = QueueReader.open(file);
  try {
    return reader.depth();
  } finally {
    reader.close();
  }
}

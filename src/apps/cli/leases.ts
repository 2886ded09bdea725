import { type Command, Option } from 'commander';
import { EXIT } from '../../base/errors.js';
import { formatHardwareAddress } from '../../base/hardware-address.js';
import { toText } from '../../base/text.js';
import { type Micros, SystemClock, toIsoTime } from '../../base/time.js';
import { QueueReader } from '../../ledger/queue/reader.js';
import { formatIpv4 } from '../../net/ipv4.js';
import { decodeRelayAgent, RELAY_AGENT_SUBOPTIONS, suboption } from '../../protocol/relay-agent/relay-agent.js';
import type { Shape } from '../../report/ask/shape.js';
import { renderCsv } from '../../report/render/csv.js';
import { renderJson } from '../../report/render/json.js';
import { writeAll } from '../../report/render/output.js';
import type { TableColumn } from '../../report/render/table.js';
import { isActive, type Lease } from '../../server/leases/lease.js';
import { leasesOf } from '../../server/store/server-store.js';
import { configOf } from './context.js';
import { printTable } from './terminal.js';

/** One lease as it is listed. */
interface LeaseLine {
  ip: string;
  mac: string;
  hostname: string | null;
  state: string;
  start: Micros;
  end: Micros;
  remoteId: Uint8Array | null;
  circuitId: Uint8Array | null;
}

const SHAPE: Shape<LeaseLine> = {
  ip: 'text',
  mac: 'text',
  hostname: 'text',
  state: 'text',
  start: 'time',
  end: 'time',
  remoteId: 'bytes',
  circuitId: 'bytes',
};

const COLUMNS: readonly TableColumn<LeaseLine>[] = [
  { title: 'IP', cell: (line) => line.ip },
  { title: 'MAC', cell: (line) => line.mac },
  { title: 'HOSTNAME', cell: (line) => line.hostname, shrinks: 20, leaves: 2 },
  { title: 'STATE', cell: (line) => line.state },
  { title: 'START (UTC)', cell: (line) => secondsOf(line.start), leaves: 1 },
  { title: 'END (UTC)', cell: (line) => secondsOf(line.end) },
  { title: 'REMOTE-ID', cell: (line) => line.remoteId && toText(line.remoteId) },
  { title: 'CIRCUIT-ID', cell: (line) => line.circuitId && toText(line.circuitId) },
];

/** `portledger leases`: reads the server's queue file, so it also works while the server is down. */
export function register(command: Command): void {
  command
    .option('--all', 'also ended leases and declined addresses')
    .addOption(new Option('-o, --output <format>', 'form').choices(['table', 'json', 'csv']).default('table'))
    .option('--wide', 'all columns of the table, whatever the width of the terminal')
    .action(async (options: { all?: boolean; output: string; wide?: boolean }, command: Command) => {
      const lines = leaseLines(configOf(command).queue.file, options.all === true);
      if (options.output === 'json') await writeAll(process.stdout, renderJson(lines, SHAPE));
      else if (options.output === 'csv') await writeAll(process.stdout, renderCsv(lines, SHAPE));
      else if (lines.length > 0) printTable(lines, COLUMNS, options.wide);
      if (lines.length === 0) process.stderr.write('no leases\n');
      process.exitCode = lines.length > 0 ? EXIT.ok : EXIT.nothingFound;
    });
}

function leaseLines(queueFile: string, all: boolean): LeaseLine[] {
  const reader = QueueReader.open(queueFile);
  try {
    const now = new SystemClock().now();
    const leases = [...leasesOf(reader)].filter((lease) => all || isActive(lease, now));
    return leases.map((lease) => lineOf(lease, now));
  } finally {
    reader.close();
  }
}

function lineOf(lease: Lease, now: Micros): LeaseLine {
  const payload = lease.port === null ? [] : [Buffer.from(lease.port.option82, 'latin1')];
  const relayAgent = decodeRelayAgent(payload, false);
  return {
    ip: formatIpv4(lease.address),
    mac: formatHardwareAddress(Buffer.from(lease.hwaddr, 'latin1')),
    hostname: lease.hostname === null ? null : toText(Buffer.from(lease.hostname, 'latin1')),
    state: lease.state === 'active' && !isActive(lease, now) ? 'expired' : lease.state,
    start: lease.start,
    end: lease.end,
    remoteId: suboption(relayAgent, RELAY_AGENT_SUBOPTIONS.remoteId.code) ?? null,
    circuitId: suboption(relayAgent, RELAY_AGENT_SUBOPTIONS.circuitId.code) ?? null,
  };
}

function secondsOf(at: Micros): string {
  return toIsoTime(at).slice(0, 19).replace('T', ' ');
}

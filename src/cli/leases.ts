import { type Command, Option } from 'commander';
import { toText } from '../base/bytes.js';
import { EXIT } from '../base/errors.js';
import { type Micros, SystemClock, toIsoTime } from '../base/time.js';
import { isActive, type Lease } from '../lease/lease.js';
import { formatHardwareAddress } from '../net/hardware-address.js';
import { formatIpv4 } from '../net/ipv4.js';
import { QueueReader } from '../queue/reader.js';
import { decodeRelayAgent, RELAY_AGENT_SUBOPTIONS, suboption } from '../wire/relay-agent.js';
import { configOf } from './context.js';
import { writeRows } from './rows.js';

/** `portledger leases`: what the server's own queue file says, also while the server is down. */
export function registerLeases(program: Command): void {
  program
    .command('leases')
    .description("list the leases in this server's queue file (exit 1 if there are none)")
    .option('--all', 'ended leases and quarantined addresses too')
    .addOption(
      new Option('-o, --output <format>', 'form of the list').choices(['table', 'json', 'csv']).default('table'),
    )
    .action((options: { all?: boolean; output: 'table' | 'json' | 'csv' }, command: Command) => {
      const reader = QueueReader.open(configOf(command).queue.file);
      try {
        const now = new SystemClock().now();
        const rows = [...reader.leases()]
          .filter((lease) => options.all || isActive(lease, now))
          .map((lease) => rowOf(lease, now));
        writeRows(rows, options.output);
        process.exitCode = rows.length > 0 ? EXIT.ok : EXIT.nothingFound;
      } finally {
        reader.close();
      }
    });
}

function rowOf(lease: Lease, now: Micros): Record<string, string | null> {
  const relayAgent = decodeRelayAgent(lease.port ? [Buffer.from(lease.port.option82, 'latin1')] : [], false);
  const shown = (code: number) => {
    const bytes = suboption(relayAgent, code);
    return bytes ? toText(bytes) : null;
  };
  return {
    ip: formatIpv4(lease.address),
    mac: formatHardwareAddress(Buffer.from(lease.hwaddr, 'latin1')),
    hostname: lease.hostname === null ? null : toText(Buffer.from(lease.hostname, 'latin1')),
    state: lease.state === 'active' && !isActive(lease, now) ? 'expired' : lease.state,
    since: toIsoTime(lease.start),
    until: toIsoTime(lease.end),
    remoteId: shown(RELAY_AGENT_SUBOPTIONS.remoteId.code),
    circuitId: shown(RELAY_AGENT_SUBOPTIONS.circuitId.code),
  };
}

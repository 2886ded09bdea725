import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../../../rig/lab/netns.js';
import { type ConfigDocument, Installation } from '../../../rig/lab/processes.js';
import type { Program } from '../../../rig/lab/program.js';
import { formatHardwareAddress } from '../../../src/base/hardware-address.js';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { formatIpv4 } from '../../../src/net/ipv4.js';
import { SERVER_CONTRACT } from '../../../src/operate/control/contract.js';
import { askServer, controlPath } from '../../../src/operate/control/control.js';
import type { Binding } from '../../../src/server/failover/binding.js';
import { readSharedState } from '../../support/shared-state.js';
import type { PairLease, PairPlace, PairServer, PairSettings, PairStates } from './server.js';

/** Portledger as one of the two; the folder holds configuration, queue and key. */
export class PortledgerServer implements PairServer {
  readonly program = 'portledger';
  readonly name: string;
  readonly installation: Installation;
  readonly queueFile: string;
  readonly #host: Namespace;
  #runs: Program[] = [];

  /** `audit` is the trail that `ship` goes to, if it is run. */
  constructor(
    host: Namespace,
    folder: string,
    place: PairPlace,
    settings: PairSettings,
    audit: string,
    more: ConfigDocument = {},
  ) {
    this.name = `dhcp-${place.role}`;
    this.#host = host;
    this.queueFile = join(folder, 'server.queue');
    this.installation = new Installation(folder, {
      server: { ...serverSection(this.name, place, settings), ...more },
      queue: { file: 'server.queue' },
      audit: { url: audit },
    });
  }

  get log(): string {
    return this.#runs.map((run) => run.output).join('');
  }

  get pid(): number {
    return this.#runs.at(-1)!.pid;
  }

  async start(): Promise<void> {
    const run = this.installation.start(this.#host, 'serve');
    this.#runs.push(run);
    await run.waitFor(/server-ready/, 20_000);
  }

  async kill(): Promise<void> {
    await this.#runs.at(-1)?.stop('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#runs.at(-1)?.stop();
  }

  lose(): void {
    for (const part of ['', '-wal', '-shm']) rmSync(`${this.queueFile}${part}`, { force: true });
  }

  async states(): Promise<PairStates> {
    const answer = await askServer(controlPath(this.queueFile), SERVER_CONTRACT, 'failover-status');
    const [status] = answer ?? [];
    return { own: status?.state.toLowerCase() ?? 'unknown', partner: status?.partnerState?.toLowerCase() ?? 'unknown' };
  }

  async leases(): Promise<Map<string, PairLease>> {
    const { bindings } = readSharedState(this.queueFile);
    return new Map(bindings.map((binding) => [formatIpv4(binding.address), leaseOf(binding)]));
  }

  async partnerDown(): Promise<void> {
    const { code, stderr } = await this.installation.run('here', 'failover', 'partner-down', 'pair');
    assert.equal(code, 0, stderr);
  }

  /** Everything in its queue, oldest first, as far as the shipper's events were not deleted. */
  events(): LedgerEvent[] {
    const reader = QueueReader.open(this.queueFile);
    try {
      return reader.read(0, 100_000);
    } finally {
      reader.close();
    }
  }

  /** Ships all that is in the queue now. */
  async ship(): Promise<void> {
    await this.installation.shipOnce('here');
  }
}

function leaseOf({ status, holder, ends }: Binding): PairLease {
  const isActive = status === 'ACTIVE';
  return {
    status: status.toLowerCase(),
    mac: isActive && holder ? formatHardwareAddress(Buffer.from(holder.hwaddr, 'latin1')) : null,
    ends: isActive ? ends : null,
  };
}

function serverSection(name: string, { role, address, own, peer }: PairPlace, settings: PairSettings): ConfigDocument {
  const { mclt, leaseTime, split, maxResponseDelay, loadBalanceMaxSeconds, pool } = settings;
  return {
    name,
    listen: [{ address }],
    'trusted-relays': ['198.18.0.0/16'],
    'lease-time': leaseTime,
    failover: [
      {
        name: 'pair',
        role,
        address: own,
        'peer-address': peer,
        ...(role === 'primary' ? { mclt, split } : {}),
        'max-response-delay': maxResponseDelay,
        'max-unacked-updates': 10,
        'load-balance-max-seconds': loadBalanceMaxSeconds,
      },
    ],
    subnets: [
      {
        subnet: '198.18.0.0/16',
        pools: [{ range: pool, failover: 'pair' }],
        options: { routers: ['198.18.0.1'] },
      },
    ],
  };
}

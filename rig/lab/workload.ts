import { genesisHash, sealEvent } from '../../src/ledger/event/encoding.js';
import type { EventDraft, LedgerEvent } from '../../src/ledger/event/event.js';
import type { ShipSource } from '../../src/trail/ship/source.js';

/** 2026-11-20 00:00:00 UTC. */
export const DAY_START = Date.UTC(2026, 10, 20) * 1000;
const SECOND = 1_000_000;
const LEASE = 3600 * SECOND;

const VENDOR_CLASS = Buffer.from('MSFT 5.0');
const REQUEST_LIST = Buffer.from('0103060f1f212b2c2e2f79f9fc', 'hex');
/** Type and length of the sub-options of Option 82. */
const [CIRCUIT_ID, REMOTE_ID] = [Buffer.from([1, 6]), Buffer.from([2, 6])];
const portBytes = Array.from({ length: 32 }, (_, port) => Buffer.from(`ge0/${String(port).padStart(2, '0')}`));
const switchBytes = Array.from({ length: 2048 }, (_, number) => Buffer.from(`sw${String(number).padStart(4, '0')}`));
/** Events of a client at one port. */
const MOVES_EVERY = 5;

/** How the servers of a workload share its addresses. */
export type Sharing =
  /** One client per address, which renews at both servers: long sightings. */
  | 'roaming'
  /** The same, but the clients of a switch swap ports with every fifth event: many sightings, one per port at a time. */
  | 'moving'
  /** Each server has its own client at the address: every event ends the other's sighting. */
  | 'rivals';

export interface WorkloadOptions {
  /** UUID of the queue. */
  readonly queue: string;
  readonly server: string;
  readonly events: number;
  /** Up to 65536; event i concerns address i modulo this. */
  readonly addresses: number;
  readonly sharing: Sharing;
  /** Microseconds between two events, and of the first after the start of the day. */
  readonly step: number;
  readonly offset: number;
}

/** Generates the events of one queue one by one: any number fits in memory. */
export function* workload(options: WorkloadOptions): Generator<LedgerEvent> {
  let hash: Uint8Array = genesisHash(options.queue);
  for (let i = 0; i < options.events; i++) {
    const at = DAY_START + options.offset + i * options.step;
    const { event } = sealEvent({ queue: options.queue, sequence: i + 1, at, ...draftOf(options, i, at) }, hash);
    hash = event.hash;
    yield event;
  }
}

/** The draft of event i at this time. */
export function draftOf(
  { server, addresses, sharing }: Pick<WorkloadOptions, 'server' | 'addresses' | 'sharing'>,
  i: number,
  at: number,
): EventDraft {
  const host = i % addresses;
  const port =
    sharing === 'moving' ? portBytes[(host + Math.floor(i / addresses / MOVES_EVERY)) & 31]! : portBytes[host & 31]!;
  const remote = switchBytes[host >> 5]!;
  const client = sharing === 'rivals' ? server.charCodeAt(server.length - 1) : 0;
  return {
    kind: i < addresses ? 'granted' : 'renewed',
    server,
    address: `10.9.${host >> 8}.${host & 255}`,
    htype: 1,
    hwaddr: Buffer.from([2, client, 0, 0, host >> 8, host & 255]),
    clientId: null,
    hostname: Buffer.from(`host-${host}`),
    vendorClass: VENDOR_CLASS,
    parameterRequestList: REQUEST_LIST,
    xid: i,
    clientState: i < addresses ? 'SELECTING' : 'RENEWING',
    giaddr: '10.9.0.1',
    option82: Buffer.concat([CIRCUIT_ID, port, REMOTE_ID, remote]),
    circuitId: port,
    remoteId: remote,
    subscriberId: null,
    relayId: null,
    linkSelection: null,
    evidence: 'observed',
    leaseStart: at,
    leaseEnd: at + LEASE,
    detail: null,
  };
}

/** A queue in memory, drained from its front. */
export class MemoryQueue implements ShipSource {
  readonly uuid: string;
  readonly server: string;
  readonly events: readonly LedgerEvent[];
  #shipped = 0;

  constructor(events: readonly LedgerEvent[]) {
    this.events = events;
    this.uuid = events[0]!.queue;
    this.server = events[0]!.server;
  }

  position(): ReturnType<ShipSource['position']> {
    const last = this.events.at(-1)!;
    return { shipped: this.#shipped, checkpoint: 0, last: last.sequence, lastAt: last.at };
  }

  read(after: number, limit: number): LedgerEvent[] {
    return this.events.slice(after, after + limit);
  }

  checkpoints(): [] {
    return [];
  }

  keys(): [] {
    return [];
  }

  markShipped(sequence: number): void {
    this.#shipped = sequence;
  }

  close(): void {}
}

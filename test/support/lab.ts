import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, MICROS_PER_SECOND, type Micros } from '../../src/base/time.js';
import type { LedgerEvent } from '../../src/ledger/event/event.js';
import type { Queue } from '../../src/ledger/queue/queue.js';
import { QueueReader } from '../../src/ledger/queue/reader.js';
import { formatIpv4, parseIpv4 } from '../../src/net/ipv4.js';
import type { Endpoint } from '../../src/net/udp.js';
import type { Logger } from '../../src/operate/log/logger.js';
import { encodeMessage } from '../../src/protocol/dhcpv4/encode.js';
import { type DhcpMessage, decodeMessage } from '../../src/protocol/dhcpv4/message.js';
import { OptionRegistry } from '../../src/protocol/dhcpv4/options.js';
import { decodeRelayAgent, NO_RELAY_AGENT } from '../../src/protocol/relay-agent/relay-agent.js';
import { LeaseTable } from '../../src/server/leases/table.js';
import { Pairs } from '../../src/server/pair/pairs.js';
import { Counters } from '../../src/server/pipeline/counters.js';
import { Pipeline } from '../../src/server/pipeline/pipeline.js';
import type {
  ListenSettings,
  PoolSettings,
  ReservationSettings,
  ServerSettings,
  SubnetSettings,
} from '../../src/server/settings.js';
import { ServerStore } from '../../src/server/store/server-store.js';
import { Topology } from '../../src/server/v4/topology.js';

export const DAY = 86_400;
export const SERVER = parseIpv4('198.18.0.1');

/** A clock that moves only when it is told to; its monotonic side moves along unless the wall clock is stepped. */
export class TestClock implements Clock {
  #now: Micros = Date.UTC(2026, 10, 20, 12, 0, 0) * 1000;
  #monotonic = 0;
  now(): Micros {
    return this.#now;
  }
  monotonic(): Micros {
    return this.#monotonic;
  }
  advance(seconds: number): void {
    this.#now += Math.round(seconds * MICROS_PER_SECOND);
    this.#monotonic += Math.round(seconds * MICROS_PER_SECOND);
  }
  /** The wall clock jumps. */
  step(seconds: number): void {
    this.#now += seconds * MICROS_PER_SECOND;
  }
}

/** A logger that keeps its messages. */
export class TestLogger implements Logger {
  readonly lines: { id: string; fields: Record<string, unknown> }[] = [];
  log(id: string, fields: Record<string, unknown> = {}): void {
    this.lines.push({ id, fields });
  }
  limited(id: string, fields: Record<string, unknown> = {}): void {
    this.log(id, fields);
  }
  isEnabled(): boolean {
    return true;
  }
  ids(): string[] {
    return this.lines.map((line) => line.id);
  }
}

export interface SubnetSketch {
  subnet: string;
  pools?: string[];
  reservations?: ReservationSettings[];
  sharedNetwork?: string;
  authoritative?: boolean;
  options?: [number, string][];
}

const LEASES = { default: 3600, min: 60, max: DAY };

/** A server configuration in few words; option values are hex. */
export function sketchConfig(subnets: SubnetSketch[], extra: Partial<ServerSettings> = {}): ServerSettings {
  const built = subnets.map((sketch): SubnetSettings => {
    const [network, prefix] = sketch.subnet.split('/');
    const options = new Map(
      (sketch.options ?? [[3, 'c6120001']]).map(([code, hex]) => [code, Buffer.from(hex, 'hex')]),
    );
    const inner = { options, leases: extra.leases ?? LEASES, boot: {} };
    const pools = (sketch.pools ?? []).map((range): PoolSettings => {
      const [first, last] = range.split('-');
      return { first: parseIpv4(first!), last: parseIpv4(last!), ...inner };
    });
    return {
      subnet: { network: parseIpv4(network!), prefix: Number(prefix) },
      ...(sketch.sharedNetwork ? { sharedNetwork: sketch.sharedNetwork } : {}),
      pools,
      reservations: sketch.reservations ?? [],
      authoritative: sketch.authoritative ?? true,
      ...inner,
    };
  });
  return {
    name: 'dhcp-a',
    listen: [],
    trustedRelays: 'any',
    authoritative: true,
    offerTime: 30 * MICROS_PER_SECOND,
    declineTime: DAY * MICROS_PER_SECOND,
    failover: [],
    registry: new OptionRegistry(),
    leases: LEASES,
    options: new Map(),
    boot: {},
    ...extra,
    subnets: built,
  };
}

export interface RequestSketch {
  mac?: string;
  type: number;
  xid?: number;
  secs?: number;
  flags?: number;
  ciaddr?: string;
  giaddr?: string;
  clientId?: string;
  requested?: string;
  serverId?: string;
  /** Option 82 payload, hex. */
  option82?: string;
  options?: [number, Uint8Array][];
  source?: string;
  sourcePort?: number;
  viaBroadcast?: boolean;
  snooping?: boolean;
}

export interface Sent {
  to: string;
  port: number;
  message: DhcpMessage;
}

export const TYPE = { discover: 1, offer: 2, request: 3, decline: 4, ack: 5, nak: 6, release: 7, inform: 8 } as const;

/** A whole server without its sockets: requests go in as bytes, replies come out as messages, the queue is a real file. */
export class Lab {
  readonly folder = mkdtempSync(join(tmpdir(), 'portledger-lab-'));
  readonly file = join(this.folder, 'test.queue');
  readonly logger = new TestLogger();
  counters = new Counters();
  readonly sent: Sent[] = [];
  readonly clock: TestClock;
  store!: ServerStore;
  queue!: Queue;
  leases!: LeaseTable;
  pipeline!: Pipeline;
  topology!: Topology;
  #config: ServerSettings;
  #onFailure: 'refuse' | 'serve';
  #xid = 1;

  constructor(config: ServerSettings, options: { clock?: TestClock; onFailure?: 'refuse' | 'serve' } = {}) {
    this.clock = options.clock ?? new TestClock();
    this.#config = config;
    this.#onFailure = options.onFailure ?? 'refuse';
    this.open();
  }

  /** Opens the queue as a starting server does. */
  open(config: ServerSettings = this.#config): void {
    this.#config = config;
    this.store = ServerStore.open(this.file, config.name, this.clock.now());
    this.queue = this.store.queue;
    this.topology = new Topology(config, [SERVER]);
    this.leases = new LeaseTable((address) => this.topology.networkOf(address));
    this.leases.rebuild(
      this.topology.networks,
      (address) => this.topology.networkOf(address),
      this.store.packedLeases(),
    );
    const parts = { settings: config, onFailure: this.#onFailure, topology: this.topology };
    this.pipeline = new Pipeline(parts, {
      clock: this.clock,
      store: this.store,
      leases: this.leases,
      counters: this.counters,
      logger: this.logger,
      pairs: new Pairs([], { wall: 0, steady: 0 }, this.logger),
    });
  }

  /** Applies another configuration of the same networks, as a reload does. */
  configure(config: ServerSettings): void {
    this.#config = config;
    this.pipeline.configure({ settings: config, onFailure: this.#onFailure, topology: this.topology });
  }

  /** Ends as kill -9 does: nothing more is written. */
  crash(): void {
    this.store.close();
  }

  close(): void {
    this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Sends requests at one moment. Returns what was sent back. */
  send(...sketches: RequestSketch[]): Sent[] {
    const before = this.sent.length;
    this.receive(...sketches);
    this.pipeline.drain();
    return this.sent.slice(before);
  }

  /** Puts requests into the intake, where they wait. */
  receive(...sketches: RequestSketch[]): void {
    for (const sketch of sketches) {
      this.pipeline.receive(
        {
          bytes: this.encode(sketch),
          source: parseIpv4(sketch.source ?? sketch.giaddr ?? sketch.ciaddr ?? '0.0.0.0'),
          sourcePort: sketch.sourcePort ?? 67,
          viaBroadcast: sketch.viaBroadcast ?? (sketch.giaddr === undefined && sketch.ciaddr === undefined),
          endpoint: this.endpoint(),
        },
        listenOf(sketch.snooping ?? false),
      );
    }
  }

  /** DISCOVER, REQUEST of what is offered. Returns the ACK, or undefined if the exchange ended before. */
  lease(sketch: Omit<RequestSketch, 'type'>): Sent | undefined {
    const xid = this.#xid++;
    const [offer] = this.send({ xid, ...sketch, type: TYPE.discover });
    if (!offer) return undefined;
    const requested = formatIpv4(offer.message.yiaddr);
    return this.send({ xid, ...sketch, type: TYPE.request, requested, serverId: '198.18.0.1' })[0];
  }

  /** All events in the queue file. */
  events(): LedgerEvent[] {
    const reader = QueueReader.open(this.file);
    try {
      return reader.read(0, 1_000_000);
    } finally {
      reader.close();
    }
  }

  encode(sketch: RequestSketch): Buffer {
    return encodeRequest({ xid: this.#xid++, ...sketch });
  }

  endpoint(): Endpoint {
    const keep = (to: string, port: number, bytes: Buffer) =>
      void this.sent.push({ to, port, message: decodeMessage(Buffer.from(bytes)) });
    const fake = {
      address: SERVER,
      interface: 'eth0',
      subnets: [{ network: parseIpv4('198.18.0.0'), prefix: 24 }],
      sendTo: (address: number, port: number, bytes: Buffer) => keep(formatIpv4(address), port, bytes),
      sendDirect: (target: 'broadcast' | { yiaddr: number }, bytes: Buffer) =>
        keep(target === 'broadcast' ? 'broadcast' : `link ${formatIpv4(target.yiaddr)}`, 68, bytes),
    };
    return fake as unknown as Endpoint;
  }
}

/** The bytes of a request. */
export function encodeRequest(sketch: RequestSketch & { xid: number }): Buffer {
  const options: [number, Uint8Array][] = [[53, Uint8Array.of(sketch.type)]];
  if (sketch.clientId !== undefined) options.push([61, Buffer.from(sketch.clientId, 'hex')]);
  if (sketch.requested !== undefined) options.push([50, addressBytes(sketch.requested)]);
  if (sketch.serverId !== undefined) options.push([54, addressBytes(sketch.serverId)]);
  const relayAgent = sketch.option82 === undefined ? NO_RELAY_AGENT : decodeRelayAgent(chunks(sketch.option82), false);
  const chaddr = Buffer.from((sketch.mac ?? '020000000001').replaceAll(':', ''), 'hex');
  return encodeMessage(
    {
      op: 1,
      htype: 1,
      hlen: chaddr.length,
      hops: 0,
      xid: sketch.xid,
      secs: sketch.secs ?? 0,
      flags: sketch.flags ?? 0,
      ciaddr: parseIpv4(sketch.ciaddr ?? '0.0.0.0'),
      yiaddr: 0,
      siaddr: 0,
      giaddr: parseIpv4(sketch.giaddr ?? '0.0.0.0'),
      chaddr,
      options: [...options, ...(sketch.options ?? [])],
      relayAgent,
    },
    1472,
  ).bytes;
}

function listenOf(snooping: boolean): ListenSettings {
  return { address: SERVER, port: 67, relayPort: 67, clientPort: 68, snooping };
}

/** The values of the TLVs that a payload needs: at most 255 bytes each (RFC 3396). */
function chunks(hex: string): Buffer[] {
  const payload = Buffer.from(hex, 'hex');
  const parts = [payload.subarray(0, 255)];
  for (let i = 255; i < payload.length; i += 255) parts.push(payload.subarray(i, i + 255));
  return parts;
}

function addressBytes(text: string): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(parseIpv4(text));
  return bytes;
}

/** Payload of Option 82 as hex, from text. */
export function option82(circuitId: string | null, remoteId: string | null = null, extra = ''): string {
  const tlv = (code: number, text: string) =>
    Buffer.concat([Buffer.from([code, text.length]), Buffer.from(text, 'latin1')]).toString('hex');
  return (circuitId === null ? '' : tlv(1, circuitId)) + (remoteId === null ? '' : tlv(2, remoteId)) + extra;
}

/** Type of a reply, option 53. */
export function typeOf(sent: Sent | undefined): number | undefined {
  return sent?.message.options.get(53)?.[0];
}

/** yiaddr of a reply in text. */
export function yiaddrOf(sent: Sent | undefined): string | undefined {
  return sent && formatIpv4(sent.message.yiaddr);
}

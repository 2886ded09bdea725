import { option82Of, type PortLabel, portLabel } from '../roles/labels.js';
import { groupBy } from './group.js';
import { type Fault, macOfClient, type Passage } from './journal.js';
import { addressOption, OPTION, type Packet, TYPE } from './packets.js';
import { ANSWERS, RoundTrips, requestOf } from './round-trips.js';
import { ServerTime } from './server-time.js';
import { clockText, type Span } from './span.js';

/** Something that a server must have seen and recorded, from the wire. */
export interface Sight {
  readonly kind: 'lease' | 'released' | 'declined' | 'revoked';
  readonly server: string;
  /** By the server's clock. */
  readonly at: Span;
  /** When the server received it, by the clock that never steps. Breaks ties: what came first was recorded first. */
  readonly told: number;
  /** When the server had recorded it at the latest, by the same clock. */
  readonly noted: number;
  /** The relay agent that sent it, 0.0.0.0 for the client itself. */
  readonly giaddr: string;
  readonly ip: string;
  readonly mac: string;
  /** Hex digits. */
  readonly clientId: string | undefined;
  readonly hostname: string | undefined;
  /** Where the client was plugged in when it sent the request. */
  readonly port: PortLabel;
  /** Seconds; 0 if it ends a lease. */
  readonly leaseTime: number;
  /** True if the server may have been stopped before it recorded this: then both cases are right. */
  readonly isDoubtful: boolean;
}

export interface Sights {
  readonly sights: Sight[];
  /** Something that must not be on the wire if switches, relay and server work. */
  readonly contradictions: string[];
}

/** How long before its end a server may have recorded a request without answering it. */
const IN_FLIGHT = 1_000_000;

/** A relay's copy follows its original within this time; a client does not reuse a transaction id so soon. */
const COPY_WINDOW = 3_000_000;

/** Derives what each server must have recorded: what it acknowledged, and requests that it received and could not answer. */
export function readSights(packets: readonly Packet[], passages: readonly Passage[], faults: readonly Fault[]): Sights {
  const result: Sights = { sights: [], contradictions: [] };
  const places = new Places(passages);
  for (const server of new Set(packets.map((packet) => packet.server))) {
    const seen = packets.filter((packet) => packet.server === server);
    const reader = new TapReader(server, new RoundTrips(seen, faults), places, faults, result);
    for (const packet of seen) reader.read(packet);
    reader.close();
  }
  return result;
}

/** The permuter's log by client and transaction. */
class Places {
  readonly #passages: Map<string, Passage[]>;

  constructor(passages: readonly Passage[]) {
    this.#passages = groupBy(passages, ({ client, xid }) => `${macOfClient(client)} ${xid}`);
  }

  /** Where the client was when it sent the request. */
  of({ mac, xid, at }: Packet): PortLabel | undefined {
    const passage = this.#passages.get(`${mac} ${xid}`)?.findLast((passed) => passed.at <= at);
    return passage && portLabel(passage.socket.switch, passage.socket.port);
  }
}

/** Reads the tap of one server, packet by packet. */
class TapReader {
  readonly #server: string;
  readonly #roundTrips: RoundTrips;
  readonly #places: Places;
  readonly #time: ServerTime;
  readonly #faults: Fault[];
  readonly #result: Sights;
  #open: Packet[] = [];
  #serverId: string | undefined;
  #leaseTime = 0;
  #lastAnswer = 0;
  /** Requests that surely ended a lease, and when they came. The relay's copies of them end nothing, whoever gave the address since. */
  readonly #taken = new Map<string, number>();

  constructor(server: string, roundTrips: RoundTrips, places: Places, faults: readonly Fault[], result: Sights) {
    this.#server = server;
    this.#roundTrips = roundTrips;
    this.#places = places;
    this.#time = new ServerTime(server, faults);
    this.#faults = faults.filter((fault) => 'server' in fault && fault.server === server);
    this.#result = result;
  }

  read(packet: Packet): void {
    if (ANSWERS.includes(packet.type)) this.#lastAnswer = packet.at;
    else this.#verify(packet);
    if (packet.type === TYPE.request) this.#open.push(packet);
    else if (packet.type === TYPE.ack && packet.yiaddr !== '0.0.0.0') this.#acknowledged(packet);
    else if (packet.type === TYPE.nak) this.#take(packet);
    else if (packet.type === TYPE.release) this.#ended(packet, 'released', packet.ciaddr);
    else if (packet.type === TYPE.decline)
      this.#ended(packet, 'declined', addressOption(packet, OPTION.requestedAddress)!);
  }

  /** An unanswered request: the server may have recorded it and been stopped before it answered. */
  close(): void {
    for (const request of this.#open.filter((packet) => this.#wasStoppedAfter(packet.at))) {
      const chosen = addressOption(request, OPTION.serverId);
      if (chosen !== undefined && chosen !== this.#serverId) continue;
      const ip = request.ciaddr === '0.0.0.0' ? addressOption(request, OPTION.requestedAddress) : request.ciaddr;
      if (ip !== undefined) this.#note(request, 'lease', ip, request.at + IN_FLIGHT, this.#leaseTime, true);
    }
  }

  #acknowledged(ack: Packet): void {
    const request = this.#take(ack);
    this.#serverId = addressOption(ack, OPTION.serverId);
    this.#leaseTime = Number.parseInt(ack.options.get(OPTION.leaseTime) ?? '0', 16);
    if (!request) {
      this.#contradict(ack, 'acknowledges what nobody asked');
      return;
    }
    this.#note(request, 'lease', ack.yiaddr, ack.at, this.#leaseTime, false);
  }

  #take(answer: Packet): Packet | undefined {
    const index = requestOf(answer, this.#open);
    return index === -1 ? undefined : this.#open.splice(index, 1)[0];
  }

  #ended(packet: Packet, kind: 'released' | 'declined', ip: string): void {
    if (addressOption(packet, OPTION.serverId) !== this.#serverId || this.#isDown(packet.at)) return;
    const isDoubtful = this.#wasStoppedAfter(packet.at) || this.#isStarting(packet.at);
    const key = `${packet.mac} ${packet.xid}`;
    const taken = this.#taken.get(key);
    if (taken !== undefined && packet.at - taken < COPY_WINDOW) return;
    if (!isDoubtful) this.#taken.set(key, packet.at);
    this.#note(packet, kind, ip, this.#pauseEnd(packet.at, this.#roundTrips.noted(packet.at)), 0, isDoubtful);
  }

  /** Every packet of a client shows where it is plugged in. */
  #verify(request: Packet): void {
    const port = this.#places.of(request);
    const shown = request.options.get(OPTION.relayAgent);
    if (!port) this.#contradict(request, 'was sent by nobody who is plugged in');
    else if (shown !== option82Of(port).toString('hex'))
      this.#contradict(request, `has Option 82 ${shown}, from ${port.switchName} ${port.portName}`);
  }

  #note(request: Packet, kind: Sight['kind'], ip: string, to: number, leaseTime: number, isDoubtful: boolean): void {
    const port = this.#places.of(request);
    if (!port) return;
    const hostname = request.options.get(OPTION.hostName);
    this.#result.sights.push({
      kind,
      server: this.#server,
      at: this.#time.stamp({ from: request.at, to }, kind === 'lease' && !isDoubtful),
      told: request.at,
      noted: to,
      giaddr: request.giaddr,
      ip,
      mac: request.mac,
      clientId: request.options.get(OPTION.clientId),
      hostname: hostname && Buffer.from(hostname, 'hex').toString(),
      port,
      leaseTime,
      isDoubtful,
    });
  }

  #contradict(packet: Packet, what: string): void {
    this.#result.contradictions.push(
      `${clockText(packet.at)} ${this.#server}: packet ${packet.xid} of ${packet.mac} ${what}`,
    );
  }

  #pauseEnd(from: number, to: number): number {
    const pause = this.#faults.find(
      (fault) => fault.kind === 'server-paused' && from >= fault.at && from < fault.until,
    );
    return pause ? Math.max(to, pause.until + IN_FLIGHT) : to;
  }

  #wasStoppedAfter(at: number): boolean {
    return this.#faults.some(
      (fault) =>
        (fault.kind === 'server-killed' || fault.kind === 'network-cut') &&
        fault.at >= at - 1000 &&
        fault.at - at < IN_FLIGHT,
    );
  }

  #isDown(at: number): boolean {
    return this.#faults.some((fault) => fault.kind === 'server-killed' && at > fault.at && at < fault.undone);
  }

  /** It may be up already; once it has answered a client, it is. */
  #isStarting(at: number): boolean {
    return this.#faults.some(
      ({ kind, undone, until }) => kind === 'server-killed' && at >= undone && at < until && this.#lastAnswer < undone,
    );
  }
}

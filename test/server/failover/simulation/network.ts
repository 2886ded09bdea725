import type { Random } from '../../../support/random.js';
import type { Agenda, Time } from './agenda.js';

const MS = 1000;
/** How long a dial into a partition takes to fail. */
const DIAL_TIMEOUT: Time = 3000 * MS;

/** A server as the network sees it. */
export interface Host {
  readonly isUp: boolean;
  opened(link: number): void;
  received(link: number, bytes: Buffer): void;
  closed(link: number): void;
  dialFailed(): void;
}

interface Connection {
  readonly hosts: readonly [Host, Host];
  readonly links: readonly [number, number];
  /** Which ends still have it open. */
  readonly open: [boolean, boolean];
  /** Until when the stream to each end is delivered in order. */
  readonly delivered: [Time, Time];
}

/** TCP between the two servers: streams that are delayed and split anywhere, connections that are lost, a cable that is cut. */
export class Network {
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #connections = new Map<number, Connection>();
  #held: (() => void)[] = [];
  #nextLink = 1;
  isCut = false;

  constructor(agenda: Agenda, random: Random) {
    this.#agenda = agenda;
    this.#random = random;
  }

  dial(from: Host, to: Host): void {
    if (this.isCut) {
      this.#agenda.in(DIAL_TIMEOUT, () => from.isUp && from.dialFailed());
      return;
    }
    this.#agenda.in(this.#delay(), () => {
      if (!from.isUp) return;
      if (!to.isUp || this.isCut) {
        from.dialFailed();
        return;
      }
      const links = [this.#nextLink++, this.#nextLink++] as const;
      const start = this.#agenda.now;
      const connection: Connection = { hosts: [from, to], links, open: [true, true], delivered: [start, start] };
      for (const link of links) this.#connections.set(link, connection);
      to.opened(links[1]);
      from.opened(links[0]);
    });
  }

  send(link: number, bytes: Buffer): void {
    const connection = this.#connections.get(link);
    if (!connection) return;
    const to = 1 - connection.links.indexOf(link);
    for (let offset = 0; offset < bytes.length; ) {
      const end = offset + 1 + this.#random(Math.max(1, 2 * bytes.length));
      const part = bytes.subarray(offset, end);
      this.#pass(connection, to, () => connection.hosts[to]!.received(connection.links[to]!, part));
      offset = end;
    }
  }

  /** One end closes: what it sent before still arrives. */
  close(link: number): void {
    const connection = this.#connections.get(link);
    if (!connection) return;
    const from = connection.links.indexOf(link);
    connection.open[from] = false;
    this.#connections.delete(link);
    this.#closeFarEnd(connection, 1 - from);
  }

  /** A host dies: its kernel says so, or nothing does. */
  forget(host: Host, silently: boolean): void {
    for (const [link, connection] of this.#connections) {
      const side = connection.links.indexOf(link);
      if (connection.hosts[side] !== host) continue;
      connection.open[side] = false;
      this.#connections.delete(link);
      if (!silently) this.#closeFarEnd(connection, 1 - side);
    }
  }

  /** Every connection breaks; both ends hear of it, each in its own time. */
  breakAll(): void {
    for (const [link, connection] of this.#connections) {
      const side = connection.links.indexOf(link);
      connection.open[side] = false;
      this.#connections.delete(link);
      this.#agenda.in(
        this.#random(2000) * MS,
        () => connection.hosts[side]!.isUp && connection.hosts[side]!.closed(link),
      );
    }
  }

  cut(): void {
    this.isCut = true;
  }

  /** What was sent meanwhile arrives now, on connections that both ends still have. */
  heal(): void {
    this.isCut = false;
    for (const act of this.#held.splice(0)) act();
  }

  #closeFarEnd(connection: Connection, side: number): void {
    this.#pass(connection, side, () => {
      connection.open[side] = false;
      this.#connections.delete(connection.links[side]!);
      connection.hosts[side]!.closed(connection.links[side]!);
    });
  }

  #pass(connection: Connection, to: number, act: () => void): void {
    const at = Math.max(connection.delivered[to]!, this.#agenda.now + this.#delay());
    connection.delivered[to] = at;
    this.#agenda.in(at - this.#agenda.now, () => {
      const deliver = () => {
        if (connection.open[to] && connection.hosts[to]!.isUp) act();
      };
      if (this.isCut) this.#held.push(deliver);
      else deliver();
    });
  }

  /** Mostly short, now and then long. */
  #delay(): Time {
    return this.#random(20) === 0 ? this.#random(1500) * MS : this.#random(20) * MS;
  }
}

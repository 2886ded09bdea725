import { formatIpv4 } from '../../../../src/net/ipv4.js';
import type { Holder } from '../../../../src/server/failover/binding.js';
import { option82, type RequestSketch, TYPE } from '../../../support/lab.js';
import type { Random } from '../../../support/random.js';
import type { Agenda, Time } from './agenda.js';
import type { Answer, Server } from './server.js';

const SECOND = 1_000_000;
const MS = 1000;
/** Time between tries while the client has no lease. */
const RETRY: Time = 3 * SECOND;
/** The one relay of the network, and how many ports the switch behind it has. */
const RELAY = '198.18.1.9';
const PORTS = 6;

/** A lease as its client has it: from the acknowledgement until its time, counted from the request, is over. */
export interface Held {
  address: number;
  server: Server;
  asked: Time;
  until: Time;
}

/** A DHCP client: discovers, requests, renews, rebinds, releases, declines, goes away and comes back. */
export class Client {
  readonly id: Holder;
  held: Held | null = null;
  isActive = true;
  /** The switch port that it is plugged into now. */
  port: string;
  /** Addresses that it found in use: a server that hears so need not keep its lease. */
  readonly declined = new Set<number>();
  readonly #servers: readonly Server[];
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #onLease: (client: Client, held: Held) => void;
  /** It asks for a shorter lease now and then. */
  readonly #isModest: boolean;
  /** Last address, for INIT-REBOOT. */
  #last: number | null = null;
  /** An exchange that a later one has overtaken is of no use. */
  #exchange = 0;
  #since: Time = 0;

  constructor(
    number: number,
    servers: readonly Server[],
    tools: { agenda: Agenda; random: Random; isModest: boolean },
    onLease: (client: Client, held: Held) => void,
  ) {
    const hwaddr = `\x02\x00\x00\x00\x00${String.fromCharCode(number)}`;
    this.id = { htype: 1, hwaddr, clientId: number % 2 ? `\x01${hwaddr}` : null };
    this.#servers = servers;
    this.#agenda = tools.agenda;
    this.#random = tools.random;
    this.#isModest = tools.isModest;
    this.#onLease = onLease;
    this.port = this.#anyPort();
  }

  /** True if it has a valid lease now. */
  get isBound(): boolean {
    return this.held !== null && this.held.until > this.#agenda.now;
  }

  start(): void {
    this.#since = this.#agenda.now;
    if (this.#random(3) === 0) this.port = this.#anyPort();
    if (this.#last !== null && this.#random(2) === 0) this.#reboot(this.#last);
    else this.#discover();
  }

  /** It only keeps what it has from now on. */
  calm(): void {
    this.isActive = false;
  }

  /** It is gone, without a word. */
  vanish(): void {
    this.#exchange += 1;
    this.held = null;
  }

  #discover(): void {
    const exchange = ++this.#exchange;
    const secs = Math.floor((this.#agenda.now - this.#since) / SECOND);
    let chosen = false;
    this.#relay({ type: TYPE.discover, secs }, (answer) => {
      if (chosen || exchange !== this.#exchange || answer.type !== 'offer') return;
      chosen = true;
      this.#request(answer.server, answer.address, exchange);
    });
    this.#later(RETRY, exchange, () => this.#discover());
  }

  #request(chosen: Server, address: number, exchange: number): void {
    const asked = this.#agenda.now;
    const wanted = { requested: formatIpv4(address), serverId: formatIpv4(chosen.address) };
    this.#relay({ type: TYPE.request, ...wanted }, (answer) => this.#hear(answer, asked, exchange));
  }

  #reboot(address: number): void {
    const exchange = ++this.#exchange;
    const asked = this.#agenda.now;
    const wanted = { requested: formatIpv4(address) };
    this.#relay({ type: TYPE.request, ...wanted }, (answer) => this.#hear(answer, asked, exchange));
    this.#later(RETRY, exchange, () => this.#discover());
  }

  #hear(answer: Answer, asked: Time, exchange: number): void {
    if (exchange !== this.#exchange) return;
    if (answer.type === 'ack')
      this.#bind({ address: answer.address, server: answer.server, asked, until: asked + answer.seconds * SECOND });
    else if (answer.type === 'nak') this.#unbind(RETRY);
  }

  #bind(held: Held): void {
    if (held.until <= this.#agenda.now) return;
    this.held = held;
    this.#last = held.address;
    this.#onLease(this, held);
    const exchange = ++this.#exchange;
    if (this.isActive && this.#random(25) === 0) {
      this.#decline();
      return;
    }
    const length = held.until - held.asked;
    this.#later(length / 2 - (this.#agenda.now - held.asked), exchange, () => this.#atHalf());
  }

  #atHalf(): void {
    if (this.isActive && this.#random(6) === 0) this.#leave();
    else this.#renew();
  }

  #renew(): void {
    const { held } = this;
    if (!held || held.until <= this.#agenda.now) {
      this.#unbind(0);
      return;
    }
    const exchange = ++this.#exchange;
    const asked = this.#agenda.now;
    const isRebinding = held.until - asked < (held.until - held.asked) / 8;
    const wanted = { type: TYPE.request, ciaddr: formatIpv4(held.address) };
    const hear = (answer: Answer) => this.#hear(answer, asked, exchange);
    if (isRebinding) this.#relay(wanted, hear);
    else this.#ask(held.server, wanted, hear);
    this.#later(Math.max((held.until - asked) / 3, SECOND), exchange, () => this.#renew());
  }

  /** With a release, or without a word. */
  #leave(): void {
    const { held } = this;
    const says = this.#random(2) === 0;
    if (held && says) {
      const ended = { ciaddr: formatIpv4(held.address), serverId: formatIpv4(held.server.address) };
      this.#ask(held.server, { type: TYPE.release, ...ended });
    }
    if (says) this.held = null;
    this.#exchange += 1;
    this.#later((5 + this.#random(150)) * SECOND, this.#exchange, () => {
      this.held = null;
      this.start();
    });
  }

  #decline(): void {
    const { address, server } = this.held!;
    this.declined.add(address);
    this.held = null;
    this.#last = null;
    const refused = { requested: formatIpv4(address), serverId: formatIpv4(server.address) };
    this.#relay({ type: TYPE.decline, ...refused });
    this.#unbind(10 * SECOND);
  }

  #unbind(pause: Time): void {
    this.held = null;
    const exchange = ++this.#exchange;
    this.#later(pause, exchange, () => {
      this.#since = this.#agenda.now;
      this.#discover();
    });
  }

  #later(delay: Time, exchange: number, act: () => void): void {
    this.#agenda.in(Math.max(0, Math.round(delay)) + this.#random(200 * MS), () => {
      if (exchange === this.#exchange) act();
    });
  }

  /** A broadcast: the relay sends it to both servers, and says where it came from. */
  #relay(sketch: RequestSketch, hear: (answer: Answer) => void = () => undefined): void {
    const seen = { giaddr: RELAY, option82: option82(this.port, 'sw') };
    const xid = this.#random(2 ** 31);
    for (const server of this.#servers) this.#send(server, { ...sketch, ...seen, xid }, hear);
  }

  /** By unicast, past the relay. */
  #ask(server: Server, sketch: RequestSketch, hear: (answer: Answer) => void = () => undefined): void {
    this.#send(server, { ...sketch, xid: this.#random(2 ** 31) }, hear);
  }

  #send(server: Server, sketch: RequestSketch & { xid: number }, hear: (answer: Answer) => void): void {
    const { hwaddr, clientId } = this.id;
    const mac = Buffer.from(hwaddr, 'latin1').toString('hex');
    const named = clientId === null ? {} : { clientId: Buffer.from(clientId, 'latin1').toString('hex') };
    const reply = (answer: Answer) => this.#deliver(() => hear(answer));
    const wish = this.#wishOf(sketch);
    const request = { ...sketch, ...wish, mac, ...named, port: this.port };
    this.#deliver(() => server.request(request, reply));
  }

  /** Who asks for a shorter lease counts on no more, for the answer may be lost. */
  #wishOf({ type, xid }: RequestSketch & { xid: number }): Pick<RequestSketch, 'options'> {
    if (!this.#isModest || xid % 3 > 0) return {};
    const seconds = 20 + (xid % 40);
    const { held } = this;
    const until = this.#agenda.now + seconds * SECOND;
    if (held && type === TYPE.request) this.held = { ...held, until: Math.min(held.until, until) };
    return { options: [[51, Uint8Array.of(0, 0, 0, seconds)]] };
  }

  #anyPort(): string {
    return `p${this.#random(PORTS)}`;
  }

  /** A datagram: late, or lost. */
  #deliver(act: () => void): void {
    if (this.#random(40) === 0) return;
    this.#agenda.in(this.#random(30) * MS, act);
  }
}

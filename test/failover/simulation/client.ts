import type { Holder } from '../../../src/failover/binding.js';
import type { Random } from '../../support/random.js';
import type { Agenda, Time } from './agenda.js';
import type { Answer, Server } from './server.js';

const SECOND = 1_000_000;
const MS = 1000;
/** Time between tries while the client has no lease. */
const RETRY: Time = 3 * SECOND;

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
  /** Addresses that it found in use: a server that hears so need not keep its lease. */
  readonly declined = new Set<number>();
  readonly #servers: readonly Server[];
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #onLease: (client: Client, held: Held) => void;
  /** Last address, for INIT-REBOOT. */
  #last: number | null = null;
  /** An exchange that a later one has overtaken is of no use. */
  #exchange = 0;
  #since: Time = 0;

  constructor(
    number: number,
    servers: readonly Server[],
    tools: { agenda: Agenda; random: Random },
    onLease: (client: Client, held: Held) => void,
  ) {
    const hwaddr = `\x02\x00\x00\x00\x00${String.fromCharCode(number)}`;
    this.id = { htype: 1, hwaddr, clientId: number % 2 ? `\x01${hwaddr}` : null };
    this.#servers = servers;
    this.#agenda = tools.agenda;
    this.#random = tools.random;
    this.#onLease = onLease;
  }

  /** True if it validly holds a lease now. */
  get isBound(): boolean {
    return this.held !== null && this.held.until > this.#agenda.now;
  }

  start(): void {
    this.#since = this.#agenda.now;
    if (this.#last !== null && this.#random(2) === 0) this.#reboot(this.#last);
    else this.#discover();
  }

  /** It only keeps what it has from now on. */
  calm(): void {
    this.isActive = false;
  }

  #discover(): void {
    const exchange = ++this.#exchange;
    const secs = Math.floor((this.#agenda.now - this.#since) / SECOND);
    let chosen = false;
    this.#broadcast((server) =>
      server.discover(this.id, secs, (answer) =>
        this.#deliver(() => {
          if (chosen || exchange !== this.#exchange || answer.type !== 'offer') return;
          chosen = true;
          this.#request(answer.server, answer.address, exchange);
        }),
      ),
    );
    this.#later(RETRY, exchange, () => this.#discover());
  }

  #request(chosen: Server, address: number, exchange: number): void {
    const asked = this.#agenda.now;
    this.#broadcast((server) =>
      server.select(this.id, chosen, address, (answer) => this.#deliver(() => this.#hear(answer, asked, exchange))),
    );
  }

  #reboot(address: number): void {
    const exchange = ++this.#exchange;
    const asked = this.#agenda.now;
    this.#broadcast((server) =>
      server.extend(this.id, address, (answer) => this.#deliver(() => this.#hear(answer, asked, exchange))),
    );
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
    const ask = (server: Server) =>
      server.extend(this.id, held.address, (answer) => this.#deliver(() => this.#hear(answer, asked, exchange)));
    if (isRebinding) this.#broadcast(ask);
    else this.#deliver(() => ask(held.server));
    this.#later(Math.max((held.until - asked) / 3, SECOND), exchange, () => this.#renew());
  }

  /** With a release, or without a word. */
  #leave(): void {
    const { held } = this;
    const says = this.#random(2) === 0;
    if (held && says) this.#deliver(() => held.server.release(this.id, held.address));
    if (says) this.held = null;
    this.#exchange += 1;
    this.#later((5 + this.#random(150)) * SECOND, this.#exchange, () => {
      this.held = null;
      this.start();
    });
  }

  #decline(): void {
    const { address } = this.held!;
    this.declined.add(address);
    this.held = null;
    this.#last = null;
    this.#broadcast((server) => server.decline(this.id, address));
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

  #broadcast(act: (server: Server) => void): void {
    for (const server of this.#servers) this.#deliver(() => act(server));
  }

  /** A datagram: late, or lost. */
  #deliver(act: () => void): void {
    if (this.#random(40) === 0) return;
    this.#agenda.in(this.#random(30) * MS, act);
  }
}

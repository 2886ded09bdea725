import type { FailoverApi, Moment, RelationshipRecord } from '../../../src/failover/api.js';
import type { Binding, Holder } from '../../../src/failover/binding.js';
import { sameHolder } from '../../../src/failover/binding.js';
import type { FailoverEndpoint } from '../../../src/failover/endpoint.js';
import type { FailoverSettings } from '../../../src/failover/settings.js';
import type { Random } from '../../support/random.js';
import type { Agenda, Time } from './agenda.js';
import type { Host, Network } from './network.js';

const SECOND = 1_000_000;
/** True time 0 on a clock that is right. */
export const EPOCH = 1_800_000_000 * SECOND;
const OFFER_TIME: Time = 10 * SECOND;
const QUARANTINE = 40;

/** What survives a crash. */
export interface Disk {
  record: RelationshipRecord | null;
  bindings: Map<number, Binding>;
}

export type Answer =
  | { type: 'offer'; server: Server; address: number }
  | { type: 'ack'; server: Server; address: number; seconds: number }
  | { type: 'nak'; server: Server };

/** How a server may be wrong on purpose. */
export interface ServerFaults {
  /** What may leave leaves before it is stored. */
  readonly sendsBeforeStoring?: boolean;
  /** One commit of so many fails; never if 0. */
  readonly failingCommits?: number;
}

export type EndpointClass = new (...args: ConstructorParameters<typeof FailoverEndpoint>) => FailoverApi;

/** A DHCP server of the least possible kind around a real endpoint: it decides as the real one does, and stores into memory. */
export class Server implements Host {
  readonly name: string;
  /** By how much its clock is wrong. */
  readonly skew: Time;
  disk: Disk = { record: null, bindings: new Map() };
  endpoint: FailoverApi | undefined;
  partner!: Server;
  readonly log: string[] = [];
  /** The latest potential end of each address that this server ever stored. */
  readonly known = new Map<number, number>();
  readonly #settings: FailoverSettings;
  readonly #desired: number;
  readonly #tools: { agenda: Agenda; network: Network; random: Random; Endpoint: EndpointClass; faults: ServerFaults };
  readonly #offers = new Map<number, { client: Holder; until: Time }>();
  #replies: (() => void)[] = [];
  /** Distinguishes the life of now from those before a crash. */
  #life = 0;
  #isCommitting = false;

  constructor(
    settings: FailoverSettings,
    desired: number,
    skew: Time,
    tools: { agenda: Agenda; network: Network; random: Random; Endpoint: EndpointClass; faults: ServerFaults },
  ) {
    this.name = settings.role;
    this.#settings = settings;
    this.#desired = desired;
    this.skew = skew;
    this.#tools = tools;
  }

  get isUp(): boolean {
    return this.endpoint !== undefined;
  }

  get now(): Moment {
    const { now } = this.#tools.agenda;
    return { wall: EPOCH + now + this.skew, steady: now };
  }

  /** This server's clock in seconds. */
  get seconds(): number {
    return Math.floor(this.now.wall / SECOND);
  }

  start(): void {
    const { Endpoint, agenda } = this.#tools;
    const stored = { record: this.disk.record, bindings: [...this.disk.bindings.values()] };
    this.endpoint = new Endpoint(this.#settings, stored, this.now, 'simulated');
    this.#life += 1;
    const life = this.#life;
    const tick = () => {
      if (life !== this.#life) return;
      this.#do((endpoint) => endpoint.handle({ type: 'tick' }, this.now));
      agenda.in(SECOND, tick);
    };
    agenda.in(this.#tools.random(SECOND), tick);
  }

  /** The process ends: what was not stored never was. */
  crash(silently: boolean, withDisk: boolean): void {
    this.#life += 1;
    this.endpoint = undefined;
    this.#replies = [];
    this.#offers.clear();
    this.#isCommitting = false;
    this.#tools.network.forget(this, silently);
    if (withDisk) this.disk = { record: null, bindings: new Map() };
  }

  operator(command: 'partner-down' | 'shutdown' | 'pause' | 'resume'): void {
    this.#do((endpoint) => endpoint.handle({ type: 'operator', command }, this.now));
  }

  opened(link: number): void {
    this.#do((endpoint) => endpoint.handle({ type: 'opened', link }, this.now));
  }

  received(link: number, bytes: Buffer): void {
    this.#do((endpoint) => endpoint.handle({ type: 'received', link, bytes }, this.now));
  }

  closed(link: number): void {
    this.#do((endpoint) => endpoint.handle({ type: 'closed', link }, this.now));
  }

  dialFailed(): void {
    this.#do((endpoint) => endpoint.handle({ type: 'dial-failed' }, this.now));
  }

  discover(client: Holder, secs: number, reply: (answer: Answer) => void): void {
    this.#do((endpoint) => {
      this.#endOffers(endpoint);
      if (endpoint.silence() || endpoint.answersDiscover(client.clientId ?? client.hwaddr, secs)) return;
      const address = this.#choose(endpoint, client);
      if (address === undefined) return;
      this.#endOffer(endpoint, client);
      this.#offers.set(address, { client, until: this.#tools.agenda.now + OFFER_TIME });
      endpoint.offered(address);
      this.#replies.push(() => reply({ type: 'offer', server: this, address }));
    });
  }

  /** SELECTING: the client chose `server`. */
  select(client: Holder, server: Server, address: number, reply: (answer: Answer) => void): void {
    this.#do((endpoint) => {
      if (server !== this) {
        this.#endOffer(endpoint, client);
        return;
      }
      this.#grant(endpoint, client, address, reply);
    });
  }

  /** RENEWING, REBINDING and INIT-REBOOT. */
  extend(client: Holder, address: number, reply: (answer: Answer) => void): void {
    this.#do((endpoint) => this.#grant(endpoint, client, address, reply));
  }

  release(client: Holder, address: number): void {
    this.#do((endpoint) => {
      const { status, pending, holder } = endpoint.binding(address);
      const mayGoOn = status === 'ACTIVE' || (status === 'EXPIRED' && pending);
      if (mayGoOn && sameHolder(holder, client)) endpoint.released(address, this.now);
    });
  }

  decline(client: Holder, address: number): void {
    this.#do((endpoint) => {
      if (endpoint.silence() || !this.#holds(endpoint, client, address)) return;
      endpoint.declined(address, this.seconds + QUARANTINE, this.now);
    });
  }

  #holds(endpoint: FailoverApi, client: Holder, address: number): boolean {
    const { status, holder } = endpoint.binding(address);
    return status === 'ACTIVE' && sameHolder(holder, client);
  }

  #choose(endpoint: FailoverApi, client: Holder): number | undefined {
    const last = this.#lastOf(endpoint, client);
    if (last !== undefined && this.#mayHave(endpoint, client, last)) return last;
    for (const [pool] of this.#settings.pools.entries()) {
      const address = endpoint.pick(pool, this.now);
      if (address !== undefined) return address;
    }
    return undefined;
  }

  #lastOf(endpoint: FailoverApi, client: Holder): number | undefined {
    let last: number | undefined;
    for (const { first, last: end } of this.#settings.pools) {
      for (let address = first; address <= end; address++) {
        const binding = endpoint.binding(address);
        if (!sameHolder(binding.holder, client)) continue;
        if (binding.status === 'ACTIVE') return address;
        last ??= address;
      }
    }
    return last;
  }

  #mayHave(endpoint: FailoverApi, client: Holder, address: number): boolean {
    const offer = this.#offers.get(address);
    if (offer && !sameHolder(offer.client, client)) return false;
    return endpoint.mayAllocate(address, client, this.now);
  }

  #grant(endpoint: FailoverApi, client: Holder, address: number, reply: (answer: Answer) => void): void {
    this.#endOffers(endpoint);
    if (endpoint.mayServe(address, client, this.now)) return;
    if (!this.#mayHave(endpoint, client, address)) {
      this.#replies.push(() => reply({ type: 'nak', server: this }));
      return;
    }
    const seconds = endpoint.leaseSeconds(address, client, this.#desired, this.now);
    this.#revokeOther(endpoint, client, address);
    this.#endOffer(endpoint, client);
    const grant = { ...client, address, hostname: null, port: null, seconds, desired: this.#desired };
    endpoint.granted(grant, this.now);
    this.#replies.push(() => reply({ type: 'ack', server: this, address, seconds }));
  }

  #revokeOther(endpoint: FailoverApi, client: Holder, address: number): void {
    for (const { first, last } of this.#settings.pools) {
      for (let other = first; other <= last; other++) {
        if (other !== address && this.#holds(endpoint, client, other)) endpoint.revoked(other, this.now);
      }
    }
  }

  #endOffer(endpoint: FailoverApi, client: Holder): void {
    for (const [address, offer] of this.#offers) {
      if (!sameHolder(offer.client, client)) continue;
      this.#offers.delete(address);
      endpoint.offerEnded(address);
    }
  }

  #endOffers(endpoint: FailoverApi): void {
    for (const [address, { until }] of this.#offers) {
      if (until > this.#tools.agenda.now) continue;
      this.#offers.delete(address);
      endpoint.offerEnded(address);
    }
  }

  /** Takes something in; the commit comes a little later, and takes all that came meanwhile. */
  #do(act: (endpoint: FailoverApi) => void): void {
    if (!this.endpoint) return;
    act(this.endpoint);
    if (this.#isCommitting || (!this.endpoint.isDirty && this.#replies.length === 0)) return;
    this.#isCommitting = true;
    const life = this.#life;
    this.#tools.agenda.in(this.#tools.random(20_000), () => {
      if (life === this.#life) this.#commit(this.endpoint!);
    });
  }

  #commit(endpoint: FailoverApi): void {
    const { random, faults, agenda } = this.#tools;
    this.#isCommitting = false;
    if (faults.failingCommits && random(faults.failingCommits) === 0) {
      this.#replies = [];
      endpoint.takeChanges();
      this.#emit(endpoint.failed(this.now));
      return;
    }
    endpoint.takeChanges();
    const { bindings, record } = endpoint.unsaved();
    if (faults.sendsBeforeStoring) {
      this.#emit(endpoint.committed(this.now));
      const life = this.#life;
      agenda.in(random(300_000), () => {
        if (life === this.#life) this.#store(bindings, record);
      });
    } else {
      this.#store(bindings, record);
      this.#emit(endpoint.committed(this.now));
    }
    for (const reply of this.#replies.splice(0)) reply();
  }

  #store(bindings: readonly Binding[], record: RelationshipRecord | null): void {
    for (const binding of bindings) {
      const { address, promised, acknowledged } = binding;
      this.disk.bindings.set(address, binding);
      this.known.set(address, Math.max(this.known.get(address) ?? 0, promised, acknowledged));
    }
    if (record) this.disk.record = record;
  }

  #emit(outputs: ReturnType<FailoverApi['committed']>): void {
    const { network, agenda } = this.#tools;
    for (const output of outputs) {
      if (output.type === 'dial') network.dial(this, this.partner);
      else if (output.type === 'send') network.send(output.link, output.bytes);
      else if (output.type === 'close') network.close(output.link);
      else
        this.log.push(`${(agenda.now / SECOND).toFixed(3)} ${this.name} ${output.id} ${JSON.stringify(output.fields)}`);
    }
  }
}

import type { EventDraft } from '../../../../src/ledger/event/event.js';
import { formatIpv4, type Ipv4 } from '../../../../src/net/ipv4.js';
import type { FailoverApi, Moment, RelationshipRecord } from '../../../../src/server/failover/api.js';
import type { Binding } from '../../../../src/server/failover/binding.js';
import type { FailoverSettings } from '../../../../src/server/failover/settings.js';
import type { Lease } from '../../../../src/server/leases/lease.js';
import type { ServerSettings } from '../../../../src/server/settings.js';
import type { ReplyPlan } from '../../../../src/server/v4/decision.js';
import { type RequestSketch, sketchConfig, TYPE } from '../../../support/lab.js';
import type { Random } from '../../../support/random.js';
import type { Agenda, Time } from './agenda.js';
import type { Code } from './code.js';
import type { Host, Network } from './network.js';
import { Site } from './site.js';
import type { Fact } from './stays.js';

const SECOND = 1_000_000;
/** True time 0 on a clock that is right. */
export const EPOCH = 1_800_000_000 * SECOND;
const OFFER_TIME: Time = 10 * SECOND;
const QUARANTINE: Time = 40 * SECOND;

/** What survives a crash. */
export interface Disk {
  /** Names the queue file: another one begins where it was lost. */
  queue: string;
  record: RelationshipRecord | null;
  bindings: Map<number, Binding>;
  leases: Map<number, Lease>;
}

/** An event as it was committed. What was committed is taken to have been shipped, whatever becomes of the disk. */
export interface Recorded extends EventDraft {
  readonly queue: string;
  readonly sequence: number;
  readonly at: number;
  /** True time of the commit. */
  readonly committed: Time;
}

export type Answer =
  | { type: 'offer'; server: Server; address: number }
  | { type: 'ack'; server: Server; address: number; seconds: number }
  | { type: 'nak'; server: Server };

/** A request as the client sent it, and where it was plugged in then. */
export type Request = RequestSketch & { mac: string; xid: number; port: string };

/** How a server may be wrong on purpose. */
export interface ServerFaults {
  /** What may leave leaves before it is stored. */
  readonly sendsBeforeStoring?: boolean;
  /** One commit of so many fails; never if 0. */
  readonly failingCommits?: number;
}

interface Tools {
  readonly agenda: Agenda;
  readonly network: Network;
  readonly random: Random;
  readonly code: Code;
  readonly faults: ServerFaults;
}

/** A DHCP server without its sockets and its file: the real packet path on a real endpoint, which stores into memory. */
export class Server implements Host {
  readonly name: string;
  readonly address: Ipv4;
  /** By how much its clock is wrong. */
  readonly skew: Time;
  disk: Disk;
  endpoint: FailoverApi | undefined;
  partner!: Server;
  readonly log: string[] = [];
  /** The latest potential end of each address that this server ever stored. */
  readonly known = new Map<number, number>();
  /** Its events, in the order of their commits. */
  readonly stream: Recorded[] = [];
  /** What it answered, and took up from clients. */
  readonly facts: (Fact & { readonly xid: number })[] = [];
  /** When it lost its disk, in true time. */
  readonly losses: Time[] = [];
  /** When it assumed leases to go on, because its partner seemed to have lost its stored state. */
  readonly assumptions: Time[] = [];
  readonly #settings: FailoverSettings;
  readonly #config: ServerSettings;
  readonly #tools: Tools;
  #site!: Site;
  /** When each event that is not committed yet was recorded, by this server's clock. */
  #times: number[] = [];
  #replies: (() => void)[] = [];
  /** Distinguishes the life of now from those before a crash. */
  #life = 0;
  #isCommitting = false;

  constructor(settings: FailoverSettings, address: Ipv4, desired: number, skew: Time, tools: Tools) {
    this.name = settings.role;
    this.address = address;
    this.#settings = settings;
    this.#config = configOf(settings, desired);
    this.skew = skew;
    this.#tools = tools;
    this.disk = emptyDisk(`${this.name} 1`);
  }

  get isUp(): boolean {
    return this.endpoint !== undefined;
  }

  /** When it lost its disk last, in true time. */
  get lostDisk(): Time {
    return this.losses.at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  get now(): Moment {
    const { now } = this.#tools.agenda;
    return { wall: EPOCH + now + this.skew, steady: now };
  }

  start(): void {
    const { code, agenda } = this.#tools;
    const stored = { record: this.disk.record, bindings: [...this.disk.bindings.values()] };
    this.endpoint = new code.Endpoint(this.#settings, stored, this.now, 'simulated');
    this.#site = new Site(code, this.#config, this.address, this.endpoint, this.disk.leases.values(), this.now);
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
    this.#times = [];
    this.#isCommitting = false;
    this.#tools.network.forget(this, silently);
    if (!withDisk) return;
    this.disk = emptyDisk(`${this.name} ${this.#life}`);
    this.losses.push(this.#tools.agenda.now);
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

  /** A request of a client; what there is to say to it is said after the commit. */
  request(request: Request, reply: (answer: Answer) => void): void {
    this.#do(() => {
      const decision = this.#site.decide(request, this.now);
      if (decision.kind === 'drop') return;
      const plan = decision.kind === 'reply' ? decision.plan : undefined;
      const fact = factOf(request, plan, this.now.wall, this.disk.queue);
      this.#replies.push(() => {
        if (fact) this.facts.push(fact);
        if (plan) reply({ type: plan.type, server: this, address: plan.yiaddr, seconds: plan.leaseSeconds ?? 0 });
      });
    });
  }

  /** Takes something in; the commit comes a little later, and takes all that came meanwhile. */
  #do(act: (endpoint: FailoverApi) => void): void {
    if (!this.endpoint) return;
    act(this.endpoint);
    this.#site.settle(this.now);
    while (this.#times.length < this.#site.events.length) this.#times.push(this.now.wall);
    const isNothing = !this.endpoint.isDirty && this.#replies.length === 0 && this.#times.length === 0;
    if (this.#isCommitting || isNothing) return;
    this.#isCommitting = true;
    const life = this.#life;
    this.#tools.agenda.in(this.#tools.random(20_000), () => {
      if (life === this.#life) this.#commit(this.endpoint!);
    });
  }

  #commit(endpoint: FailoverApi): void {
    const { random, faults, agenda } = this.#tools;
    this.#isCommitting = false;
    const events = this.#site.events.splice(0);
    const times = this.#times.splice(0);
    if (faults.failingCommits && random(faults.failingCommits) === 0) {
      this.#replies = [];
      this.#site.leases.rollback(0);
      this.#emit(endpoint.failed(this.now));
      return;
    }
    const { bindings, record } = endpoint.unsaved();
    const leases = this.#site.leases.changedSince(0);
    this.#site.leases.commit();
    if (faults.sendsBeforeStoring) {
      this.#emit(endpoint.committed(this.now));
      const life = this.#life;
      agenda.in(random(300_000), () => {
        if (life === this.#life) this.#store(bindings, record, leases);
      });
    } else {
      this.#store(bindings, record, leases);
      this.#emit(endpoint.committed(this.now));
    }
    for (const [i, event] of events.entries()) this.#record(event, times[i]!);
    for (const reply of this.#replies.splice(0)) reply();
  }

  #store(bindings: readonly Binding[], record: RelationshipRecord | null, leases: readonly Lease[]): void {
    for (const binding of bindings) {
      const { address, promised, acknowledged } = binding;
      this.disk.bindings.set(address, binding);
      this.known.set(address, Math.max(this.known.get(address) ?? 0, promised, acknowledged));
    }
    for (const lease of leases) this.disk.leases.set(lease.address, lease);
    if (record) this.disk.record = record;
  }

  #record(event: EventDraft, at: number): void {
    const { agenda } = this.#tools;
    const sequence = this.stream.length + 1;
    this.stream.push({ ...event, queue: this.disk.queue, sequence, at, committed: agenda.now });
    const detail = event.leaseEnd === null ? '' : ` until ${((event.leaseEnd - EPOCH) / SECOND).toFixed(3)}`;
    this.log.push(
      `${(agenda.now / SECOND).toFixed(3)} ${this.name} records ${event.kind} ${event.address} ${Buffer.from(event.hwaddr ?? []).toString('hex')}${detail}`,
    );
  }

  #emit(outputs: ReturnType<FailoverApi['committed']>): void {
    const { network, agenda } = this.#tools;
    for (const output of outputs) {
      if (output.type === 'dial') network.dial(this, this.partner);
      else if (output.type === 'send') network.send(output.link, output.bytes);
      else if (output.type === 'close') network.close(output.link);
      else {
        if (output.id === 'failover-partner-lost-memory') this.assumptions.push(agenda.now);
        this.log.push(`${(agenda.now / SECOND).toFixed(3)} ${this.name} ${output.id} ${JSON.stringify(output.fields)}`);
      }
    }
  }
}

/** What an observer notes of a request that was taken up. */
function factOf(request: Request, plan: ReplyPlan | undefined, at: number, queue: string) {
  const { mac, port, xid } = request;
  const known = { at, queue, mac, port, xid };
  if (plan) {
    if (plan.type !== 'ack') return undefined;
    const until = at + plan.leaseSeconds! * SECOND;
    return { ...known, kind: 'acknowledged', address: formatIpv4(plan.yiaddr), until } as const;
  }
  if (request.type === TYPE.release)
    return { ...known, kind: 'released', address: request.ciaddr!, until: at } as const;
  return { ...known, kind: 'declined', address: request.requested!, until: at } as const;
}

function emptyDisk(queue: string): Disk {
  return { queue, record: null, bindings: new Map(), leases: new Map() };
}

/** The server's configuration that goes with these settings. */
function configOf({ role, pools }: FailoverSettings, desired: number): ServerSettings {
  const leases = { default: desired, min: 1, max: desired };
  const ranges = pools.map(({ first, last }) => `${formatIpv4(first)}-${formatIpv4(last)}`);
  const excluded = pools.flatMap((pool) => [...pool.excluded]);
  const mac = Buffer.from('02ffffffffff', 'hex');
  const reservations = excluded.map((address) => {
    const match = { by: 'mac', htype: 1, mac } as const;
    return { address, match, options: new Map(), leases, boot: {} };
  });
  const config = sketchConfig([{ subnet: '198.18.0.0/16', pools: ranges, reservations }], {
    name: role,
    leases,
    offerTime: OFFER_TIME,
    declineTime: QUARANTINE,
  });
  const subnets = config.subnets.map((subnet) => ({
    ...subnet,
    pools: subnet.pools.map((pool) => ({ ...pool, failover: 'pair' })),
  }));
  return { ...config, subnets };
}

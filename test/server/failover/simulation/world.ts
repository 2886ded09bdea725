import type { Binding } from '../../../../src/server/failover/binding.js';
import { sameHolder } from '../../../../src/server/failover/binding.js';
import { CLOCK_LIMIT } from '../../../../src/server/failover/judge.js';
import { hbaOfSplit } from '../../../../src/server/failover/load-balance.js';
import type { FailoverSettings } from '../../../../src/server/failover/settings.js';
import { type Random, randomFrom } from '../../../support/random.js';
import { Agenda, type Time } from './agenda.js';
import { Auditor } from './auditor.js';
import { Client, type Held } from './client.js';
import { CODE, type Code } from './code.js';
import { Network } from './network.js';
import { EPOCH, Server, type ServerFaults } from './server.js';

const SECOND = 1_000_000;
const MCLT = 40;
/** The first of the kinds of faults are mild. */
const MILD = 4;
const FIRST = 0xc6120001;
const ADDRESSES = { primary: 0xc6120101, secondary: 0xc6120102 };
/** How long clients and faults go on, and how long everything is quiet afterwards. */
const BUSY: Time = 400 * SECOND;
const QUIET: Time = 260 * SECOND;
/** Longer than any lease lasts, or is assumed to last for a partner that lost its stored state. */
const LAST: Time = 500 * SECOND;

export interface WorldOptions {
  readonly seed: number;
  readonly code?: Code;
  /** Another one for the server of this role alone. */
  readonly odd?: { readonly role: 'primary' | 'secondary'; readonly code: Code };
  readonly faults?: ServerFaults;
  /** Clocks agree, connections last, servers do not crash. */
  readonly peaceful?: boolean;
  /** Clocks that agree, and nothing but connections that break and servers that restart with all they knew. */
  readonly mild?: boolean;
  /** Who served while the other could not hear it is shut down now and then before the two meet. */
  readonly rested?: boolean;
  /** Clients ask for a shorter lease now and then, so that what they are promised shrinks. */
  readonly modest?: boolean;
}

/** What a schedule found wrong, with what led to it. */
export class Violation extends Error {
  constructor(seed: number, at: Time, text: string, log: readonly string[]) {
    super(`seed ${seed}, ${(at / SECOND).toFixed(3)} s: ${text}\n${log.slice(-40).join('\n')}`);
  }
}

/** One schedule: a pair of servers, their clients and what befalls them, all drawn from one seed. */
export class World {
  readonly seed: number;
  readonly agenda = new Agenda();
  readonly network: Network;
  readonly servers: readonly [Server, Server];
  readonly clients: Client[] = [];
  /** What happened, to understand a violation. */
  readonly log: string[] = [];
  readonly happened = new Map<string, number>();
  readonly #random: Random;
  readonly #isPeaceful: boolean;
  readonly #isMild: boolean;
  readonly #isRested: boolean;
  /** What is stored is no matter: that it is late is the fault to be found by what comes of it. */
  readonly #isCareless: boolean;
  /**
   * The events of both servers are looked at as well; dhcpd records none, and of a lease that became shorter out of contact the server that had
   * given it for longer records the end once more.
   */
  readonly #isAudited: boolean;
  readonly #atRest: Time[] = [];

  constructor(options: WorldOptions) {
    const { seed, code = CODE, odd, faults = {}, peaceful = false, mild = false, rested = false } = options;
    const { modest: isModest = false } = options;
    this.seed = seed;
    // Neighbouring seeds shall not give neighbouring schedules
    this.#random = randomFrom(Math.imul(seed + 1, 0x9e3779b1));
    for (let i = 0; i < 8; i++) this.#random(2);
    this.#isPeaceful = peaceful;
    this.#isMild = mild;
    this.#isRested = rested;
    this.#isCareless = faults.sendsBeforeStoring ?? false;
    this.#isAudited = !odd && !this.#isCareless && !isModest;
    this.network = new Network(this.agenda, this.#random);
    const tools = { agenda: this.agenda, network: this.network, random: this.#random, faults };
    const desired = 60 + this.#random(120);
    const pools = this.#pools();
    const skews = peaceful || mild ? [0, 0] : [this.#skew(), this.#skew()];
    const split = [0, 64, 128, 192, 256][this.#random(5)]!;
    const window = 1 + this.#random(12);
    const make = (role: 'primary' | 'secondary', skew: Time) =>
      new Server(settingsOf(role, pools, split, window), ADDRESSES[role], desired, skew, {
        ...tools,
        code: role === odd?.role ? odd.code : code,
      });
    this.servers = [make('primary', skews[0]!), make('secondary', skews[1]!)];
    this.servers[0].partner = this.servers[1];
    this.servers[1].partner = this.servers[0];
    const count = 3 + this.#random(8);
    for (let number = 0; number < count; number++) {
      this.clients.push(
        new Client(number, this.servers, { agenda: this.agenda, random: this.#random, isModest }, (client, held) =>
          this.#onLease(client, held),
        ),
      );
    }
  }

  /** Runs the schedule to its end. Throws Violation. */
  run(): void {
    for (const server of this.servers) this.agenda.in(this.#random(20) * SECOND, () => server.isUp || server.start());
    for (const client of this.clients) this.agenda.in(this.#random(60) * SECOND, () => client.start());
    if (!this.#isPeaceful) this.#planFaults();
    if (this.#isAudited) this.#watch();
    this.#advance(BUSY);
    this.#calm();
    this.#advance(QUIET);
    this.#settle();
    this.#checkEnd();
    if (this.#isAudited) this.#audit();
  }

  note(text: string): void {
    this.log.push(`${(this.agenda.now / SECOND).toFixed(3)} ${text}`);
  }

  count(what: string, count = 1): void {
    this.happened.set(what, (this.happened.get(what) ?? 0) + count);
  }

  fail(text: string): never {
    const all = [...this.log, ...this.servers.flatMap((server) => server.log)].sort(
      (a, b) => Number.parseFloat(a) - Number.parseFloat(b),
    );
    throw new Violation(this.seed, this.agenda.now, text, all);
  }

  /** All clients go, and the last lease runs out: by then each has ended in the trail. */
  #audit(): void {
    for (const client of this.clients) client.vanish();
    this.#advance(LAST);
    this.#settle();
    const { unknowing, lost } = new Auditor(this.servers, this.#atRest, (text) => this.fail(text)).check();
    this.count('ends recorded unknowingly', unknowing);
    this.count('ends lost with a disk', lost);
  }

  /** Notes the moments at which both servers know all that either has committed. */
  #watch(): void {
    const isAtRest = this.servers.every(({ endpoint }) => {
      if (!endpoint || endpoint.isDirty) return false;
      const { state, pending, unacked } = endpoint.status();
      return state === 'NORMAL' && pending === 0 && unacked === 0;
    });
    if (isAtRest) this.#atRest.push(this.agenda.now);
    this.agenda.in(SECOND / 2, () => this.#watch());
  }

  #advance(span: Time): void {
    this.agenda.runUntil(this.agenda.now + span);
  }

  #pools(): FailoverSettings['pools'] {
    const size = 4 + this.#random(9);
    const one = { first: FIRST, last: FIRST + size - 1, excluded: new Set<number>() };
    return this.#random(3) === 0
      ? [one, { first: FIRST + 100, last: FIRST + 103, excluded: new Set([FIRST + 101]) }]
      : [one];
  }

  /** Up to 29 s either way: the two differ by less than 60. */
  #skew(): Time {
    return (this.#random(58_000) - 29_000) * 1000;
  }

  #planFaults(): void {
    const count = 1 + this.#random(6);
    for (let i = 0; i < count; i++)
      this.agenda.in(this.#random(BUSY / SECOND) * SECOND + this.#random(SECOND), () => this.#fault());
  }

  #fault(): void {
    const server = this.servers[this.#random(2)]!;
    // Until the one that was given up has heard of it, a second failure may make it serve beside the other: no protocol helps there
    if (this.#isFragile()) {
      this.agenda.in(20 * SECOND, () => this.#fault());
      return;
    }
    const kinds = [
      () => this.#break(),
      () => this.#cut(server),
      () => this.#crash(server),
      () => this.#crash(server),
      () => this.#loseDisk(server),
      () => this.#partnerDownRight(server),
      () => this.#partnerDownWrong(server),
      () => this.#maintain(server),
    ];
    kinds[this.#random(this.#isMild ? MILD : kinds.length)]!();
  }

  #break(): void {
    this.#happen('break');
    this.network.breakAll();
  }

  #cut(_server: Server): void {
    if (this.network.isCut) return;
    this.#happen('cut');
    this.network.cut();
    this.agenda.in((1 + this.#random(100)) * SECOND, () => this.#heal());
  }

  #heal(): void {
    if (!this.network.isCut) return;
    this.note('heal');
    this.network.heal();
  }

  #crash(server: Server): void {
    if (!server.isUp) return;
    this.#happen(`crash ${server.name}`);
    server.crash(this.#random(2) === 0, false);
    this.agenda.in(this.#random(60) * SECOND, () => this.#restart(server));
  }

  /** Only while the other has all that is known. */
  #loseDisk(server: Server): void {
    const { record } = server.partner.disk;
    if (!server.isUp || !record || record.lostAt !== 0) return;
    this.#happen(`disk ${server.name}`);
    server.crash(this.#random(2) === 0, true);
    // Not in the second in which its former life began: its partner distinguishes the two by that time
    this.agenda.in(Math.max(1, this.#random(this.#random(2) === 0 ? 5 : 60)) * SECOND, () => this.#restart(server));
  }

  /** A server dies, and the operator says so to the other. */
  #partnerDownRight(server: Server): void {
    if (!server.isUp || !server.partner.isUp || server.partner.disk.record?.lostAt !== 0) return;
    this.#happen(`partner-down right ${server.partner.name}`);
    this.#heal();
    server.crash(false, this.#random(3) === 0);
    this.agenda.in((15 + this.#random(30)) * SECOND, () => {
      // Who comes back cut off serves beside the one that took it for down: no protocol helps there
      this.#heal();
      this.#sayPartnerDown(server.partner);
      this.#rest(server.partner, 120);
    });
    this.agenda.in((60 + this.#random(120)) * SECOND, () => this.#restart(server));
  }

  /** The other server is well, and the connection comes back before MCLT has passed. */
  #partnerDownWrong(server: Server): void {
    const isWell = ({ isUp, disk }: Server) =>
      isUp && (disk.record?.state === 'NORMAL' || disk.record?.state === 'COMMUNICATIONS-INTERRUPTED');
    if (this.network.isCut || !this.servers.every(isWell)) return;
    this.#happen(`partner-down wrong ${server.name}`);
    this.network.cut();
    const wait = (15 + this.#random(20)) * SECOND;
    this.agenda.in(wait, () => this.#sayPartnerDown(server));
    this.agenda.in(wait, () => this.#rest(server.partner, MCLT - 10));
    this.agenda.in(wait + this.#random(MCLT - 10) * SECOND, () => this.#heal());
  }

  /** Shuts a server down within so many seconds, for so long that it mostly meets its partner so. */
  #rest(server: Server, seconds: number): void {
    if (!this.#isRested) return;
    this.agenda.in(this.#random(seconds) * SECOND, () => {
      if (!server.isUp) return;
      server.operator('shutdown');
      if (server.endpoint!.status().state === 'SHUTDOWN') this.#happen(`shutdown unheard ${server.name}`);
    });
    const isToCrash = this.#random(3) === 0;
    this.agenda.in((seconds + this.#random(isToCrash ? 10 : 200)) * SECOND, () => {
      if (!isToCrash) server.isUp && server.operator('resume');
      // While it has to be asked what it did
      else if (!this.#isFragile()) this.#crash(server);
    });
  }

  /** Nobody says so to a server that has lost its memory. */
  #sayPartnerDown(server: Server): void {
    if (server.disk.record?.lostAt === 0) server.operator('partner-down');
  }

  #maintain(server: Server): void {
    if (!server.isUp) return;
    const command = this.#random(2) === 0 ? 'pause' : 'shutdown';
    this.#happen(`${command} ${server.name}`);
    server.operator(command);
    this.agenda.in((5 + this.#random(60)) * SECOND, () => {
      if (server.isUp) server.operator('resume');
    });
  }

  #restart(server: Server): void {
    if (server.isUp) return;
    this.note(`start ${server.name}`);
    server.start();
  }

  #happen(what: string): void {
    this.note(what);
    this.count(what.replace(/ (primary|secondary)$/, ''));
  }

  /** One is in PARTNER-DOWN, and the other does not know it. */
  #isFragile(): boolean {
    return this.servers.some(({ disk, partner }) => {
      const state = partner.disk.record?.state;
      const isResting = state === 'SHUTDOWN' && disk.record?.partnerState === 'SHUTDOWN';
      const knows = state === 'RECOVER' || state === 'RECOVER-WAIT' || state === 'RECOVER-DONE' || isResting;
      return disk.record?.state === 'PARTNER-DOWN' && !(knows && partner.disk.record?.lostAt !== undefined);
    });
  }

  #calm(): void {
    this.note('calm');
    this.#heal();
    for (const client of this.clients) client.calm();
    for (const server of this.servers) {
      this.#restart(server);
    }
    this.#resume();
  }

  /** As often as it takes: the commit of a command may fail. */
  #resume(): void {
    for (const server of this.servers) {
      const state = server.endpoint?.status().state;
      if (state === 'PAUSED' || state === 'SHUTDOWN') server.operator('resume');
    }
  }

  /** Goes on to a moment in which nothing is on its way: clients renew for ever. */
  #settle(): void {
    for (let i = 0; i < 400; i++) {
      const statuses = this.servers.map((server) => server.endpoint!.status());
      this.#resume();
      if (statuses.every(({ pending, unacked, state }) => pending === 0 && unacked === 0 && state === 'NORMAL')) return;
      this.#advance(SECOND / 4);
    }
    this.fail(`not at rest: ${this.servers.map((server) => JSON.stringify(server.endpoint!.status())).join(' ')}`);
  }

  #onLease(client: Client, held: Held): void {
    this.count('leases');
    this.note(
      `client ${client.id.hwaddr.charCodeAt(5)} has .${held.address - FIRST + 1} from ${held.server.name} for ${(held.until - this.agenda.now) / SECOND}`,
    );
    this.#checkLead(held);
    for (const other of this.clients) {
      if (other !== client && other.isBound && other.held!.address === held.address) {
        this.fail(
          `clients ${other.id.hwaddr.charCodeAt(5)} and ${client.id.hwaddr.charCodeAt(5)} both hold .${held.address - FIRST + 1}; the first until ${other.held!.until / SECOND}`,
        );
      }
    }
  }

  /** No client gets more than MCLT beyond what the partner has stored, as far as differing clocks allow to say. */
  #checkLead({ address, server, until }: Held): void {
    const known = (server.partner.known.get(address) ?? 0) * SECOND - EPOCH;
    const allowed = Math.max(known, this.agenda.now) + MCLT * SECOND + CLOCK_LIMIT * SECOND;
    if (until > allowed)
      this.fail(`.${address - FIRST + 1} is leased until ${until / SECOND}, ${allowed / SECOND} is allowed`);
  }

  #checkEnd(): void {
    const tables = this.servers.map((server) => this.#tableOf(server));
    for (const [address, own] of tables[0]!) {
      const other = tables[1]!.get(address);
      if (own !== other) this.fail(`.${address - FIRST + 1} differs: ${own} <> ${other}`);
      // Who gave a lease last records its end; were it both, it would end twice in the trail
      const givers = this.servers
        .map((server) => server.endpoint!.binding(address))
        .filter(({ status, own }) => status === 'ACTIVE' && own);
      if (givers.length > 1) this.fail(`.${address - FIRST + 1} is both servers' own`);
    }
    for (const client of this.clients) if (client.isBound) this.#checkKnown(client, client.held!);
  }

  /** What both must know of each address, in one line. */
  #tableOf(server: Server): Map<number, string> {
    const lines = new Map<number, string>();
    for (const { first, last, excluded } of server
      .endpoint!.status()
      .pools.map((pool) => ({ ...pool, excluded: new Set() }))) {
      for (let address = first; address <= last; address++) {
        if (excluded.has(address) || !server.endpoint!.covers(address)) continue;
        const binding = server.endpoint!.binding(address);
        lines.set(address, shown(binding));
        const stored = server.disk.bindings.get(address);
        if (!this.#isCareless && stored && shown(stored) !== shown(binding))
          this.fail(`.${address - FIRST + 1} of ${server.name} is not stored`);
      }
    }
    return lines;
  }

  #checkKnown(client: Client, held: Held): void {
    for (const server of this.servers) {
      const binding = server.endpoint!.binding(held.address);
      const isKnown = binding.status === 'ACTIVE' && sameHolder(binding.holder, client.id);
      const isResting = binding.status === 'ABANDONED' && client.declined.has(held.address);
      if (!isKnown && !isResting)
        this.fail(`${server.name} has forgotten the lease of .${held.address - FIRST + 1}: ${shown(binding)}`);
    }
  }
}

function shown({ status, holder, ends }: Binding): string {
  if (status !== 'ACTIVE') return status;
  return `ACTIVE ${Buffer.from(holder!.hwaddr, 'latin1').toString('hex')} ${ends}`;
}

function settingsOf(
  role: 'primary' | 'secondary',
  pools: FailoverSettings['pools'],
  split: number,
  maxUnackedUpdates: number,
): FailoverSettings {
  const isPrimary = role === 'primary';
  return {
    name: 'pair',
    role,
    mclt: isPrimary ? MCLT : undefined,
    hba: isPrimary ? hbaOfSplit(split) : undefined,
    loadBalanceMaxSeconds: 3,
    maxResponseDelay: 10,
    maxUnackedUpdates,
    autoPartnerDown: 0,
    maxLeaseMisbalance: 15,
    maxLeaseOwnership: 10,
    minBalance: 20,
    maxBalance: 60,
    longestLease: 180,
    pools,
  };
}

import { messageOf, UsageError } from '../../base/errors.js';
import { MICROS_PER_SECOND, type Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';
import type { ServerStatus } from '../../operate/control/contract.js';
import type { Logger } from '../../operate/log/logger.js';
import type {
  FailoverApi,
  FailoverMessageId,
  FailoverStatus,
  Input,
  LogOutput,
  Moment,
  OperatorCommand,
  Output,
} from '../failover/api.js';
import type { Network } from '../leases/network.js';
import type { RelationshipSettings } from '../settings.js';
import type { PairState } from '../store/failover-rows.js';
import type { DecisionContext } from '../v4/context.js';
import { Burst } from './burst.js';
import { applyChange } from './changes.js';
import { type Failure, failureReason } from './failure.js';
import { Pair } from './pair.js';
import { poolsOf } from './settings.js';
import { FailoverSockets } from './sockets.js';

const TICK: Micros = MICROS_PER_SECOND / 4;
/** Messages of the ordinary course: logged in full unless a partner repeats them. All others a partner can provoke: always limited. */
const ORDINARY: ReadonlySet<FailoverMessageId> = new Set([
  'failover-state',
  'failover-partner-state',
  'failover-connected',
  'failover-balanced',
  'failover-updates-requested',
  'failover-updates-done',
  'failover-conflict',
  'failover-partner-lost-memory',
]);

/** A relationship and the endpoint that decides for it. */
export interface PairMember {
  readonly config: RelationshipSettings;
  readonly endpoint: FailoverApi;
  /** True if this server ran without some of its addresses: it asks the partner for all bindings. */
  readonly isStale: boolean;
}

/** What `portledger failover status` shows. */
export interface PairStatus extends FailoverStatus {
  /** Why the last attempt to connect to the partner failed; null if it did not. */
  readonly unreachable: string | null;
  /** Why the last connection ended; null while one stands, and before the first attempt. */
  readonly failure: Failure | null;
}

interface Member extends PairMember {
  readonly pair: Pair;
  failure: Failure | null;
}

/** Something that a partner sent or an operator commanded; waits for the next batch. */
interface Arrival {
  readonly member: Member;
  readonly input: Input;
}

/**
 * All failover relationships of the server. Connects their endpoints, which decide, with the batches of the pipeline, which make the
 * decisions durable. Nothing is sent to a partner before the commit that it is about.
 */
export class Pairs {
  readonly #members: readonly Member[];
  readonly #sockets: FailoverSockets;
  readonly #logger: Logger;
  /** Asks for a batch. */
  #wake: () => void = () => undefined;
  #arrivals: Arrival[] = [];
  #isStarted = false;
  #ticked: Micros = Number.NEGATIVE_INFINITY;
  #moment: Moment;
  /** Why the endpoint refused the last command of an operator. */
  #refusal: string | undefined;
  readonly #burst = new Burst();
  /** Number of batches that failed. */
  #failures = 0;

  constructor(members: readonly PairMember[], moment: Moment, logger: Logger) {
    this.#members = members.map((member) => ({
      ...member,
      pair: new Pair(member.endpoint, moment, member.config),
      failure: null,
    }));
    this.#moment = moment;
    this.#logger = logger;
    this.#sockets = new FailoverSockets((name, input) => this.#arrive(name, input), logger);
  }

  /** The relationship that shares this address. */
  of(address: Ipv4): Pair | undefined {
    for (const { pair } of this.#members) if (pair.covers(address)) return pair;
    return undefined;
  }

  /** Names of the relationships whose addresses this server partly did without: it asks the partner for all bindings. */
  get stale(): string[] {
    return this.#members.filter(({ isStale }) => isStale).map(({ config }) => config.name);
  }

  /** Connects the shared pools of a new topology with the endpoints, which know what may be given. */
  attach(networks: readonly Network[]): void {
    for (const { config, pair } of this.#members) {
      for (const [i, pool] of poolsOf(config.name, networks).entries()) pool.sharing = pair.sharing(i);
    }
  }

  /**
   * Listens for the partners.
   * @throws UsageError if an address or port cannot be bound
   */
  async open(): Promise<void> {
    await this.#sockets.open(this.#members.map(({ config }) => config));
  }

  /** From now on, what partners send is handled in batches. `wake` asks for one. */
  start(wake: () => void): void {
    this.#isStarted = true;
    this.#wake = wake;
    if (this.#members.length > 0) wake();
  }

  async close(): Promise<void> {
    this.#isStarted = false;
    await this.#sockets.close();
  }

  /** Begins a batch: handles what arrived since the last one, and the timers. */
  begin(context: DecisionContext, moment: Moment): void {
    if (this.#members.length === 0) return;
    this.#moment = moment;
    for (const { pair } of this.#members) pair.moment = moment;
    if (!this.#isStarted) return;
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    for (const { member, input } of arrivals) this.#handle(member, input);
    if (moment.steady - this.#ticked >= TICK) this.#tick();
    this.applyChanges(context);
  }

  /** Applies to lease table and events what the endpoints changed by themselves. */
  applyChanges(context: DecisionContext): void {
    for (const { endpoint } of this.#members) {
      for (const change of endpoint.takeChanges()) applyChange(change, context, this.#moment);
    }
  }

  /** What this batch has to store; undefined if nothing. */
  unsaved(): PairState | undefined {
    const states = this.#members.flatMap(({ endpoint }) => (endpoint.isDirty ? endpoint.unsaved() : []));
    const bindings = states.flatMap((state) => state.bindings);
    const records = states.flatMap(({ record }) => record ?? []);
    return bindings.length > 0 || records.length > 0 ? { bindings, records } : undefined;
  }

  /** The batch is durable, or needed no commit: sends what waited for it. */
  committed(): void {
    for (const member of this.#members) {
      this.#guard(member, () => this.#perform(member, member.endpoint.committed(this.#moment)));
    }
  }

  /** The batch failed: bindings go back to what is stored, and connections close until the queue can be written again. */
  failed(): void {
    this.#failures += 1;
    for (const member of this.#members) this.#perform(member, member.endpoint.failed(this.#moment));
  }

  /** A point within a batch to go back to. */
  savepoint(): readonly number[] {
    return this.#members.map(({ endpoint }) => endpoint.savepoint());
  }

  /** Undoes the changes of bindings since the savepoint. */
  rollback(savepoint: readonly number[]): void {
    for (const [i, { endpoint }] of this.#members.entries()) endpoint.rollback(savepoint[i]!);
  }

  status(): PairStatus[] {
    return this.#members.map((member) => this.#statusOf(member));
  }

  #statusOf({ endpoint, config: { name }, failure }: Member): PairStatus {
    return { ...endpoint.status(), unreachable: this.#sockets.faultOf(name) ?? null, failure };
  }

  /** The part of `portledger status` about relationships; empty if there are none. */
  summary(): Pick<ServerStatus, 'failover'> {
    if (this.#members.length === 0) return {};
    const brief = ({ name, role, state, partnerState, connected }: FailoverStatus) => ({
      name,
      role,
      state: state.toLowerCase(),
      partnerState: partnerState?.toLowerCase() ?? 'unknown',
      connected,
    });
    return { failover: this.status().map(brief) };
  }

  /**
   * Follows an operator's command; `batch` handles it at once. Without a name it is for the only relationship.
   * @throws UsageError if there is no such relationship, the endpoint refuses it, or it could not be stored
   */
  command(name: string | undefined, command: OperatorCommand, batch: () => void): PairStatus {
    const member = this.#find(name);
    const arrival: Arrival = { member, input: { type: 'operator', command } };
    this.#refusal = undefined;
    const before = this.#failures;
    this.#arrivals.push(arrival);
    batch();
    const isWaiting = this.#arrivals.includes(arrival);
    this.#arrivals = this.#arrivals.filter((one) => one !== arrival);
    if (isWaiting) throw new UsageError('The server is just starting or stopping: nothing was changed, try again');
    if (this.#failures !== before) {
      throw new UsageError('The queue cannot be written, nothing was changed: see the log of the server');
    }
    if (this.#refusal !== undefined)
      throw new UsageError(`Failover ${member.config.name} refuses ${command}: ${this.#refusal}`);
    return this.#statusOf(member);
  }

  #find(name: string | undefined): Member {
    const names = this.#members.map(({ config }) => config.name);
    if (names.length === 0) throw new UsageError('This server has no failover relationship');
    if (name === undefined && names.length > 1) {
      throw new UsageError(`This server has several relationships: say which one, of ${names.join(', ')}`);
    }
    const found = name === undefined ? this.#members[0] : this.#members.find(({ config }) => config.name === name);
    if (!found) throw new UsageError(`Relationship "${name}" is not known, there is ${names.join(', ')}`);
    return found;
  }

  #arrive(name: string, input: Input): void {
    const member = this.#members.find(({ config }) => config.name === name)!;
    this.#arrivals.push({ member, input });
    if (this.#isStarted) this.#wake();
  }

  #handle(member: Member, input: Input): void {
    this.#guard(member, () => member.endpoint.handle(input, this.#moment));
    if (input.type === 'received') this.#sockets.handled(input.link, input.bytes.length);
  }

  #tick(): void {
    this.#ticked = this.#moment.steady;
    for (const member of this.#members) this.#handle(member, { type: 'tick' });
  }

  /** An error in one endpoint closes its connection; other relationships and the clients of this batch are not affected. */
  #guard(member: Member, task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#logger.limited('failover-fault', { name: member.config.name, error: messageOf(error) });
      this.#perform(member, member.endpoint.failed(this.#moment));
    }
  }

  #perform(member: Member, outputs: readonly Output[]): void {
    for (const output of outputs) {
      if (output.type !== 'log') {
        this.#sockets.perform(member.config, output);
        continue;
      }
      this.#noteFailure(member, output);
      this.#log(output.id, output.fields);
    }
  }

  #noteFailure(member: Member, { id, fields }: LogOutput): void {
    const reason = failureReason(id, fields);
    if (reason !== undefined) member.failure = { at: Math.floor(this.#moment.wall / MICROS_PER_SECOND), reason };
    else if (id === 'failover-connected') member.failure = null;
  }

  #log(id: FailoverMessageId, fields: Readonly<Record<string, string | number>>): void {
    if (id === 'failover-command-refused') this.#refusal = String(fields.reason);
    const isForOperator = id === 'failover-command-refused';
    if (isForOperator || (ORDINARY.has(id) && this.#burst.passes(id, this.#moment.steady)))
      this.#logger.log(id, fields);
    else this.#logger.limited(id, fields);
  }
}

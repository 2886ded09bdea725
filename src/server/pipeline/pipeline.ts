import { messageOf } from '../../base/errors.js';
import type { Clock, Micros } from '../../base/time.js';
import type { EventDraft } from '../../ledger/event/event.js';
import type { Queue } from '../../ledger/queue/queue.js';
import { formatIpv4 } from '../../net/ipv4.js';
import type { ReceivedDatagram } from '../../net/udp.js';
import type { Logger } from '../../operate/log/logger.js';
import { MESSAGE_TYPE } from '../../protocol/dhcpv4/codes.js';
import { describeMessage } from '../../protocol/dhcpv4/dump.js';
import type { EncodedMessage } from '../../protocol/dhcpv4/encode.js';
import { BatchScheduler } from '../intake/batch-scheduler.js';
import { BatchSize } from '../intake/batch-size.js';
import { Intake } from '../intake/intake.js';
import { intakeKey } from '../intake/intake-key.js';
import { Overtaken } from '../intake/overtaken.js';
import type { LeaseTable } from '../leases/table.js';
import type { Pairs } from '../pair/pairs.js';
import type { ListenSettings, ServerSettings } from '../settings.js';
import type { DecisionContext } from '../v4/context.js';
import { decide } from '../v4/decide.js';
import { type Decision, type Drop, drop, type ReplyPlan } from '../v4/decision.js';
import { type Destination, destinationOf } from '../v4/destination.js';
import { DirectRequests } from '../v4/direct-requests.js';
import { portName } from '../v4/port-limit.js';
import { encodeReply } from '../v4/reply.js';
import { type Requester, readRequester } from '../v4/requester.js';
import type { Topology } from '../v4/topology.js';
import { type Counters, type DropReason, isPartners } from './counters.js';
import { expireDue } from './expiry.js';
import { QueueOutage } from './queue-outage.js';
import { type ClockStep, ServerClock } from './server-clock.js';
import { serverEvent } from './server-event.js';

/** Ended leases that one batch may work off before it looks at requests. */
const EXPIRE_PER_BATCH = 500;

interface Pending {
  datagram: ReceivedDatagram;
  listen: ListenSettings;
  /** Counts arrivals. */
  order: number;
  /** On the clock that never steps. */
  arrived: Micros;
}

/** A reply that leaves once the batch is committed. */
interface PlannedReply {
  kind: 'reply';
  requester: Requester;
  plan: ReplyPlan;
  encoded: EncodedMessage;
  destination: Destination;
}

type Outcome = PlannedReply | Exclude<Decision, { kind: 'reply' }>;

/** What the pipeline works with; configuration and topology are replaced as a whole at a reload. */
export interface PipelineParts {
  readonly config: ServerSettings;
  readonly onFailure: 'refuse' | 'serve';
  readonly topology: Topology;
}

/**
 * The order of effects: receive, decode, decide, commit, reply. The requests that are waiting when the event loop comes round share one
 * commit, and no reply leaves before it (promise P1).
 */
export class Pipeline {
  readonly #clock: Clock;
  readonly #queue: Queue;
  readonly #leases: LeaseTable;
  readonly #counters: Counters;
  readonly #logger: Logger;
  readonly #pairs: Pairs;
  readonly #direct = new DirectRequests();
  readonly #serverClock: ServerClock;
  /** Events of the server itself that are not stored yet. */
  #unstored: EventDraft[] = [];
  readonly #outage: QueueOutage;
  #parts: PipelineParts;
  readonly #intake = new Intake<Pending>();
  readonly #overtaken = new Overtaken();
  readonly #batchSize = new BatchSize();
  #received = 0;
  readonly #scheduler: BatchScheduler;
  #isClosed = false;

  constructor(
    parts: PipelineParts,
    tools: { clock: Clock; queue: Queue; leases: LeaseTable; counters: Counters; logger: Logger; pairs: Pairs },
  ) {
    this.#parts = parts;
    this.#clock = tools.clock;
    this.#queue = tools.queue;
    this.#leases = tools.leases;
    this.#counters = tools.counters;
    this.#logger = tools.logger;
    this.#pairs = tools.pairs;
    this.#serverClock = new ServerClock(tools.clock, tools.queue.at);
    this.#outage = new QueueOutage(tools.logger);
    const isMore = () => this.#intake.size > 0 && !this.#isClosed;
    this.#scheduler = new BatchScheduler(tools.clock, () => this.flush(), isMore);
    this.configure(parts);
    const step = this.#serverClock.stepBefore(tools.queue.at);
    if (step) this.#noteClockStep(step);
  }

  /** Replaces configuration and topology between two batches. */
  configure(parts: PipelineParts): void {
    this.#parts = parts;
    this.#leases.countPorts(parts.config.maxLeasesPerPort === undefined ? undefined : portName);
  }

  /** Takes a datagram in; it is answered when its turn comes. */
  receive(datagram: ReceivedDatagram, listen: ListenSettings): void {
    this.#counters.count('received');
    const pending = { datagram, listen, order: ++this.#received, arrived: this.#clock.monotonic() };
    const out = this.#intake.push(intakeKey(datagram, listen), pending);
    if (out) this.#drop('backlog-full', out.datagram);
    this.#scheduler.arrived(datagram.endpoint.roundLimit);
  }

  /** Works off a batch of what is waiting, and leases that have ended. Never throws. */
  flush(): void {
    if (this.#isClosed) return;
    const pending = this.#intake.take(this.#batchSize.limit, this.#clock.monotonic());
    try {
      this.#work(pending);
    } catch (error) {
      this.#undo();
      this.#overtaken.clear();
      this.#pairs.failed();
      this.#logger.limited('batch-failed', { error: messageOf(error), requests: pending.length });
      for (const _ of pending) this.#counters.drop('internal-error');
    }
  }

  /** Works off all that is waiting. Never throws. */
  drain(): void {
    do this.flush();
    while (this.#intake.size > 0 && !this.#isClosed);
  }

  /**
   * Commits an event of the server itself at once, with whatever an outage of the queue has left to be stored.
   * @throws QueueWriteError
   */
  commitServerEvent(event: EventDraft, running: boolean): void {
    const { events, desk } = this.#open();
    events.push(event);
    this.#store(events, desk.at, running);
    this.#pairs.committed();
  }

  /** Ends every lease that is over, in several commits if there are many. For the start, before requests come in. */
  expireAll(): void {
    let more = true;
    while (more) {
      const { desk, events } = this.#open();
      more = expireDue(desk, 5 * EXPIRE_PER_BATCH) > 0;
      this.#store(events, desk.at, true);
      this.#pairs.committed();
    }
  }

  /** No batch begins any more, whatever asks for one. */
  close(): void {
    this.#isClosed = true;
  }

  /** Asks for a batch: a partner has sent something. */
  wake(): void {
    this.#scheduler.request();
  }

  #work(pending: Pending[]): void {
    const began = this.#clock.monotonic();
    const { desk, events } = this.#open();
    this.#pairs.begin(desk, { wall: this.#serverClock.wall, steady: desk.now });
    this.#leases.expireOffers(desk.now);
    expireDue(desk, EXPIRE_PER_BATCH);
    const outcomes = pending.map((one) => this.#answer(one, desk, events)).filter((outcome) => outcome.kind !== 'drop');
    this.#pairs.settle(desk);
    const decided = this.#clock.monotonic();
    const isDurable = this.#commit(events, desk.at, outcomes.length);
    this.#batchSize.note(pending.length, decided - began, this.#clock.monotonic() - decided);
    if (this.#intake.size === 0 || !isDurable) this.#overtaken.clear();
    for (const outcome of outcomes) {
      if (!isDurable) this.#counters.drop('queue-unavailable');
      else if (outcome.kind === 'none') this.#counters.count('taken-without-reply');
      else this.#send(outcome);
    }
  }

  #open(): { desk: DecisionContext; events: EventDraft[] } {
    const events: EventDraft[] = [];
    const { config, topology } = this.#parts;
    const step = this.#serverClock.read();
    if (step) this.#noteClockStep(step);
    const now = this.#serverClock.steady;
    const at = this.#queue.hold(this.#serverClock.wall);
    const record = (event: EventDraft) => void events.push(event);
    const warn: DecisionContext['warn'] = (id, fields) => this.#logger.limited(id, fields);
    return {
      events,
      desk: { config, topology, leases: this.#leases, direct: this.#direct, pairs: this.#pairs, now, at, record, warn },
    };
  }

  /** Decides about one datagram. A fault in it costs this datagram only, and leaves no trace in leases or events. */
  #answer({ datagram, listen, order }: Pending, desk: DecisionContext, events: EventDraft[]): Outcome {
    const mark = this.#leases.mark();
    const pairMarks = this.#pairs.mark();
    const recorded = events.length;
    try {
      const requester = readRequester(datagram, listen, desk.config, desk.topology);
      if (requester.kind === 'drop') return this.#drop(requester.reason, datagram);
      this.#show(requester);
      const isOvertaken = requester.type !== MESSAGE_TYPE.discover && this.#overtaken.has(turnOf(requester), order);
      if (isOvertaken) return this.#drop('overtaken', datagram);
      const decision = decide(requester, desk, this.#counters);
      if (this.#intake.size > 0 && isTakenUp(decision)) this.#overtaken.note(turnOf(requester), order);
      if (decision.kind === 'none') return decision;
      if (decision.kind === 'drop') return this.#drop(decision.reason, datagram);
      const { plan } = decision;
      const encoded = encodeReply(requester, plan);
      return { kind: 'reply', requester, plan, encoded, destination: destinationOf(requester, plan) };
    } catch (error) {
      this.#leases.undo(mark);
      this.#pairs.undo(pairMarks);
      events.length = recorded;
      this.#logger.limited('request-failed', { error: messageOf(error), source: formatIpv4(datagram.source) });
      return this.#drop('internal-error', datagram);
    }
  }

  #show({ message, datagram }: Requester): void {
    if (!this.#logger.isEnabled('request-received')) return;
    this.#logger.log('request-received', { source: formatIpv4(datagram.source), message: describeMessage(message) });
  }

  #drop(reason: DropReason, datagram: ReceivedDatagram): Drop {
    this.#counters.drop(reason);
    this.#logger.limited(isPartners(reason) ? 'request-left' : 'request-dropped', {
      reason,
      source: formatIpv4(datagram.source),
    });
    return drop(reason);
  }

  /** Makes the batch durable, `requests` of which were taken up. True if the replies may leave. */
  #commit(events: EventDraft[], at: Micros, requests: number): boolean {
    const changed = this.#leases.changed();
    const isNothing =
      events.length === 0 && changed.length === 0 && this.#unstored.length === 0 && !this.#pairs.unsaved();
    if (isNothing && !this.#outage.isOver(this.#serverClock.steady)) {
      this.#pairs.committed();
      return true;
    }
    const { onFailure } = this.#parts;
    try {
      this.#store(events, at, true);
    } catch (error) {
      this.#outage.note(error, { at, steady: this.#serverClock.steady }, onFailure, requests, changed);
      this.#pairs.failed();
      if (onFailure === 'serve') this.#keep();
      else this.#undo();
      return onFailure === 'serve';
    }
    this.#pairs.committed();
    return true;
  }

  /**
   * One commit: the changed leases, what an outage could not store, and the events.
   * @throws QueueWriteError; then all of it is still to be stored
   */
  #store(events: EventDraft[], at: Micros, running: boolean): void {
    const leases = this.#outage.unsaved(this.#leases.changed(), this.#leases);
    const all = this.#outage.preface(this.#parts.config.name, [...this.#unstored, ...events], at);
    this.#queue.commit(leases, all, at, running, this.#pairs.unsaved());
    this.#unstored = [];
    this.#outage.end();
    this.#keep();
  }

  #keep(): void {
    this.#leases.keep();
    this.#direct.commit();
  }

  #undo(): void {
    this.#leases.undo();
    this.#direct.rollback();
  }

  #noteClockStep({ found, expected }: ClockStep): void {
    const seconds = Math.round((found - expected) / 1000) / 1000;
    const detail = `clock stepped ${seconds < 0 ? 'back' : 'forward'} ${Math.abs(seconds)} s`;
    const span = { from: Math.min(found, expected), to: Math.max(found, expected) };
    this.#unstored.push(serverEvent('clock-stepped', this.#parts.config.name, detail, span));
    this.#logger.log('clock-stepped', { seconds });
  }

  #send({ requester, plan, encoded, destination }: PlannedReply): void {
    const { endpoint } = requester.datagram;
    this.#counters.count(`${plan.type}s-sent`);
    if (encoded.relayAgentOmitted) this.#counters.count('option-82-not-echoed');
    if (encoded.omitted.length > 0) this.#counters.count('options-omitted');
    if (destination.way === 'address') endpoint.sendTo(destination.address, destination.port, encoded.bytes);
    else endpoint.sendDirect(destination.way === 'broadcast' ? 'broadcast' : destination, encoded.bytes);
  }
}

/** Whose requests are taken up in their order: a client's in one network. */
function turnOf({ client, network }: Requester): string {
  return (network?.id ?? '') + client.client;
}

/** It gave, extended or ended a lease. */
function isTakenUp(decision: Decision): boolean {
  if (decision.kind === 'reply') return decision.plan.type === 'ack' && decision.plan.yiaddr !== 0;
  return decision.kind === 'none';
}

import { messageOf } from '../../base/errors.js';
import type { Clock, Micros } from '../../base/time.js';
import type { EventDraft } from '../../ledger/event/event.js';
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
import type { ServerStore } from '../store/server-store.js';
import type { DecisionContext } from '../v4/context.js';
import { decide } from '../v4/decide.js';
import { type Decision, type Drop, drop, type ReplyPlan } from '../v4/decision.js';
import { type Destination, destinationOf } from '../v4/destination.js';
import { DirectRequests } from '../v4/direct-requests.js';
import { portName } from '../v4/port-limit.js';
import { encodeReply } from '../v4/reply.js';
import { type Requester, readRequester } from '../v4/requester.js';
import type { Topology } from '../v4/topology.js';
import { Batch, type BatchState } from './batch.js';
import { type Counters, type DropReason, isPartners } from './counters.js';
import { expireDue } from './expiry.js';
import { type ClockStep, ServerClock } from './server-clock.js';
import { serverEvent } from './server-event.js';
import { Unstored } from './unstored.js';

/** Most ended leases that a batch handles before its requests. */
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

/** What a reload replaces. */
export interface PipelineParts {
  readonly settings: ServerSettings;
  readonly onFailure: 'refuse' | 'serve';
  readonly topology: Topology;
}

/** What it works with as long as the server runs. */
export interface PipelineTools {
  readonly clock: Clock;
  readonly store: ServerStore;
  readonly leases: LeaseTable;
  readonly pairs: Pairs;
  readonly counters: Counters;
  readonly logger: Logger;
}

/**
 * The order of effects: receive, decode, decide, commit, reply. Requests that wait together share one commit, and no reply leaves before
 * it (promise P1).
 */
export class Pipeline {
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #logger: Logger;
  readonly #state: BatchState;
  readonly #serverClock: ServerClock;
  #parts: PipelineParts;
  readonly #intake = new Intake<Pending>();
  readonly #overtaken = new Overtaken();
  readonly #batchSize = new BatchSize();
  #received = 0;
  readonly #scheduler: BatchScheduler;
  #isClosed = false;

  constructor(parts: PipelineParts, tools: PipelineTools) {
    const { clock, store, leases, pairs, logger } = tools;
    this.#parts = parts;
    this.#clock = clock;
    this.#counters = tools.counters;
    this.#logger = logger;
    const unstored = new Unstored(parts.settings.name, logger);
    this.#state = { store, leases, direct: new DirectRequests(), pairs, unstored };
    this.#serverClock = new ServerClock(clock, store.queue.at);
    const isMore = () => this.#intake.size > 0 && !this.#isClosed;
    this.#scheduler = new BatchScheduler(clock, () => this.flush(), isMore);
    this.configure(parts);
    const step = this.#serverClock.stepBefore(store.queue.at);
    if (step) this.#noteClockStep(step);
  }

  /** Replaces configuration and topology between two batches. */
  configure(parts: PipelineParts): void {
    this.#parts = parts;
    this.#state.leases.countPorts(parts.settings.maxLeasesPerPort === undefined ? undefined : portName);
  }

  /** Takes a datagram in; it is answered when its turn comes. */
  receive(datagram: ReceivedDatagram, listen: ListenSettings): void {
    this.#counters.count('received');
    const pending = { datagram, listen, order: ++this.#received, arrived: this.#clock.monotonic() };
    const out = this.#intake.push(intakeKey(datagram, listen), pending);
    if (out) this.#drop('backlog-full', out.datagram);
    this.#scheduler.arrived(datagram.endpoint.roundLimit);
  }

  /** Handles one batch of waiting requests, and leases that have ended. Never throws. */
  flush(): void {
    if (this.#isClosed) return;
    const pending = this.#intake.take(this.#batchSize.limit, this.#clock.monotonic());
    let batch: Batch | undefined;
    try {
      batch = this.#begin();
      this.#handle(batch, pending);
    } catch (error) {
      batch?.rollback();
      this.#overtaken.clear();
      this.#logger.limited('batch-failed', { error: messageOf(error), requests: pending.length });
      for (const _ of pending) this.#counters.drop('internal-error');
    }
  }

  /** Handles everything that waits. Never throws. */
  drain(): void {
    do this.flush();
    while (this.#intake.size > 0 && !this.#isClosed);
  }

  /**
   * Commits an event of the server itself at once, with what earlier batches left unstored.
   * @param isRunning false for the stop
   * @throws QueueWriteError
   */
  commitServerEvent(event: EventDraft, isRunning: boolean): void {
    const batch = this.#begin();
    batch.events.push(event);
    batch.commit(isRunning);
    this.#state.pairs.committed();
  }

  /** Ends every lease that is over, in several commits if there are many. For the start, before requests come in. Throws QueueWriteError. */
  expireAll(): void {
    let more = true;
    while (more) {
      const batch = this.#begin();
      more = expireDue(this.#contextOf(batch), 5 * EXPIRE_PER_BATCH) > 0;
      batch.commit();
      this.#state.pairs.committed();
    }
  }

  /** From now on no batch begins. */
  close(): void {
    this.#isClosed = true;
  }

  /** Asks for a batch, for what a partner sent. */
  wake(): void {
    this.#scheduler.request();
  }

  #handle(batch: Batch, pending: Pending[]): void {
    const began = this.#clock.monotonic();
    const { leases, pairs } = this.#state;
    const context = this.#contextOf(batch);
    pairs.begin(context, batch.time);
    leases.expireOffers(batch.time.steady);
    expireDue(context, EXPIRE_PER_BATCH);
    const outcomes = pending
      .map((one) => this.#answer(one, context, batch))
      .filter((outcome) => outcome.kind !== 'drop');
    pairs.applyChanges(context);
    const decided = this.#clock.monotonic();
    const mayAnswer = this.#commit(batch, outcomes.length);
    this.#batchSize.note(pending.length, decided - began, this.#clock.monotonic() - decided);
    if (this.#intake.size === 0 || !mayAnswer) this.#overtaken.clear();
    for (const outcome of outcomes) {
      if (!mayAnswer) this.#counters.drop('queue-unavailable');
      else if (outcome.kind === 'none') this.#counters.count('taken-without-reply');
      else this.#send(outcome);
    }
  }

  #begin(): Batch {
    const step = this.#serverClock.read();
    if (step) this.#noteClockStep(step);
    const { wall, steady } = this.#serverClock;
    return new Batch(this.#state, { wall, steady, at: this.#state.store.queue.nextTime(wall) });
  }

  #contextOf({ events, time }: Batch): DecisionContext {
    const { settings, topology } = this.#parts;
    const { leases, direct, pairs } = this.#state;
    return {
      settings,
      topology,
      leases,
      direct,
      pairs,
      now: time.steady,
      at: time.at,
      record: (event) => void events.push(event),
      warn: (id, fields) => this.#logger.limited(id, fields),
    };
  }

  /** Decides about one datagram. A fault in it costs this datagram only, and leaves no trace in leases or events. */
  #answer({ datagram, listen, order }: Pending, context: DecisionContext, batch: Batch): Outcome {
    const savepoint = batch.savepoint();
    try {
      const requester = readRequester(datagram, listen, context.settings, context.topology);
      if (requester.kind === 'drop') return this.#drop(requester.reason, datagram);
      this.#show(requester);
      const isOvertaken =
        requester.type !== MESSAGE_TYPE.discover && this.#overtaken.has(orderingKeyOf(requester), order);
      if (isOvertaken) return this.#drop('overtaken', datagram);
      const decision = decide(requester, context, this.#counters);
      if (this.#intake.size > 0 && isTakenUp(decision)) this.#overtaken.note(orderingKeyOf(requester), order);
      if (decision.kind === 'none') return decision;
      if (decision.kind === 'drop') return this.#drop(decision.reason, datagram);
      const { plan } = decision;
      const encoded = encodeReply(requester, plan);
      return { kind: 'reply', requester, plan, encoded, destination: destinationOf(requester, plan) };
    } catch (error) {
      batch.rollbackTo(savepoint);
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

  /** Commits the batch, which answers so many requests. True if the replies may leave. */
  #commit(batch: Batch, requests: number): boolean {
    const { onFailure } = this.#parts;
    try {
      if (!batch.isEmpty) batch.commit();
    } catch (error) {
      this.#state.unstored.noteFailure({ error, ...batch.time, onFailure, requests, leases: batch.changedLeases });
      if (onFailure === 'serve') batch.acceptUnstored();
      else batch.rollback();
      return onFailure === 'serve';
    }
    this.#state.pairs.committed();
    return true;
  }

  #noteClockStep({ found, expected }: ClockStep): void {
    const seconds = Math.round((found - expected) / 1000) / 1000;
    const detail = `clock stepped ${seconds < 0 ? 'back' : 'forward'} ${Math.abs(seconds)} s`;
    const span = { from: Math.min(found, expected), to: Math.max(found, expected) };
    this.#state.unstored.add(serverEvent('clock-stepped', this.#parts.settings.name, detail, span));
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

/** Requests with the same key are handled in the order of arrival: those of one client in one network. */
function orderingKeyOf({ client, network }: Requester): string {
  return (network?.id ?? '') + client.client;
}

/** It gave, extended or ended a lease. */
function isTakenUp(decision: Decision): boolean {
  if (decision.kind === 'reply') return decision.plan.type === 'ack' && decision.plan.yiaddr !== 0;
  return decision.kind === 'none';
}

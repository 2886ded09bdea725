import { toSqlTime } from '../../base/time.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import type { Checkpoint } from '../../ledger/proof/checkpoint.js';
import type { KeyRing } from '../../ledger/proof/key-ring.js';
import { isRemovalSignedBy, type Removal } from '../../ledger/proof/removal.js';
import type { TrailConnection } from '../store/database.js';
import type { QueueHead } from '../store/queue-table.js';
import { ChainWalk, type ReadEvent } from './chain-walk.js';
import { eventsText, type Findings } from './findings.js';
import type { Pages } from './pages.js';
import type { Known, Pin } from './pins.js';
import { checkpointPages, eventPages, quarantinedPages } from './rows.js';
import { SealCheck } from './seal-check.js';

/** What is known of a queue before its events are read. */
export interface QueueFacts {
  readonly queue: string;
  readonly server: string;
  /** Its row in table `queues`, null if it has none. */
  readonly head: QueueHead | null;
  readonly removals: readonly Removal[];
  readonly known: Known;
  /** The events after `start` and up to `end` are checked; `startHash` is that of `start`, null if it is not known. */
  readonly start: number;
  readonly startHash: Uint8Array | null;
  readonly end: number;
}

/** Goes through one queue in the order of its sequence: events, what retention left of them, checkpoints and pins. */
export class QueueWalk {
  readonly facts: QueueFacts;
  readonly chain: ChainWalk;
  readonly seal: SealCheck;
  readonly #ring: KeyRing;
  readonly #findings: Findings;
  readonly #events: Pages<ReadEvent>;
  readonly #quarantined: Pages<ReadEvent>;
  readonly #checkpoints: Pages<Checkpoint>;
  readonly #removals: Removal[];
  readonly #pins: Pin[];
  /** Before this sequence there is nothing but events. */
  #quietUntil = 0;
  #lastHash: Buffer | null = null;
  /** The last event passed, null if it cannot be read or retention removed it. */
  #lastEvent: LedgerEvent | null = null;
  #count = 0;
  #aside = 0;
  #removed = 0;

  constructor(db: TrailConnection, facts: QueueFacts, ring: KeyRing, findings: Findings) {
    const { queue, start, startHash, end } = facts;
    this.facts = facts;
    this.#ring = ring;
    this.#findings = findings;
    this.chain = new ChainWalk(queue, findings);
    if (start > 0) this.chain.startAfter(start, startHash);
    this.seal = new SealCheck(queue, ring, findings);
    this.#events = eventPages(db, queue, start, end);
    this.#quarantined = quarantinedPages(db, queue, start, end);
    this.#checkpoints = checkpointPages(db, queue, start + 1);
    this.#removals = facts.removals.filter((removal) => removal.to > start && removal.from <= end);
    this.#pins = facts.known.pins.filter((pin) => pin.sequence > start && pin.sequence <= end);
    this.#pins.sort((a, b) => a.sequence - b.sequence);
  }

  /** The next event, undefined if there is none left. Call {@link fill} before. */
  get next(): ReadEvent | undefined {
    return this.#source.row;
  }

  /** Events read, quarantined ones among them, and events that retention removed. */
  get counts(): { events: number; setAside: number; removed: number } {
    return { events: this.#count, setAside: this.#aside, removed: this.#removed };
  }

  /** True if {@link fill} must be called. */
  get isDry(): boolean {
    return this.#events.isDry || this.#quarantined.isDry;
  }

  /** Reads on. */
  async fill(): Promise<void> {
    await this.#events.fill();
    await this.#quarantined.fill();
  }

  /** True if the next event needs only its check in the chain; else use {@link passSlowly}. */
  get isQuiet(): boolean {
    return this.next!.sequence < this.#quietUntil;
  }

  /** Checks the next event and passes it. True if it is sound. */
  pass(): boolean {
    const source = this.#source;
    const read = source.row!;
    const isSound = this.chain.step(read);
    this.seal.note(read.event);
    this.#lastHash = read.hash;
    this.#lastEvent = read.event;
    this.#count += 1;
    if (read.encoded !== null) this.#aside += 1;
    source.advance();
    return isSound;
  }

  /** The same as {@link pass}, and checks the removals, checkpoints and pins up to this event. */
  async passSlowly(): Promise<boolean> {
    const { sequence, hash } = this.next!;
    await this.#catchUp(sequence);
    const isSound = this.pass();
    await this.#compare(sequence, hash);
    this.#quietUntil = Math.min(
      this.#checkpoints.row?.sequence ?? Number.POSITIVE_INFINITY,
      this.#removals[0]?.from ?? Number.POSITIVE_INFINITY,
      this.#pins[0]?.sequence ?? Number.POSITIVE_INFINITY,
    );
    return isSound;
  }

  /** Checks what is known about events after the last one. */
  async end(): Promise<void> {
    const { end } = this.facts;
    while (this.#removals[0]) await this.#stepOver(this.#removals.shift()!);
    await this.#compare(Math.min(this.chain.sequence, end), null);
    if (end === Number.MAX_SAFE_INTEGER) await this.#checkEnd();
    this.seal.end();
  }

  /** The pages that have the next event. */
  get #source(): Pages<ReadEvent> {
    const aside = this.#quarantined.row;
    if (!aside) return this.#events;
    const row = this.#events.row;
    return row && row.sequence <= aside.sequence ? this.#events : this.#quarantined;
  }

  /** Passes removals, checkpoints and pins that are about events before this one. */
  async #catchUp(before: number): Promise<void> {
    while (this.#removals[0] && this.#removals[0].from <= before) await this.#stepOver(this.#removals.shift()!);
    await this.#compare(before - 1, null);
  }

  async #stepOver(removal: Removal): Promise<void> {
    const { from, to, hashBefore, hashAfter } = removal;
    const key = this.#ring.get(removal.keyId);
    const report = (what: string): void =>
      this.#findings.add(
        'removal',
        this.facts.queue,
        from,
        `The record that ${eventsText(from, to).toLowerCase()} were removed ${what}`,
      );
    if (!key) report(`is signed by key ${removal.keyId}, which is not trusted`);
    else if (!isRemovalSignedBy(removal, key)) report('has a signature that does not fit it');
    if (from > this.chain.sequence + 1) this.chain.noteMissing(from);
    if (!this.chain.stepOver(to, hashBefore, hashAfter)) report('does not continue the event before them');
    this.#removed += to - from + 1;
    this.#lastHash = Buffer.from(hashAfter);
    this.#lastEvent = null;
    await this.#compare(to - 1, null);
    await this.#compare(to, this.#lastHash);
  }

  /** Checks checkpoints and pins up to this event, whose hash is given (null: it is not there). */
  async #compare(sequence: number, hash: Uint8Array | null): Promise<void> {
    await this.#checkpoints.fill();
    for (let row = this.#checkpoints.row; row && row.sequence <= sequence; row = this.#checkpoints.row) {
      this.seal.check(row, row.sequence === sequence ? hash : null);
      this.#checkpoints.advance();
      await this.#checkpoints.fill();
    }
    while (this.#pins[0] && this.#pins[0].sequence <= sequence) this.#comparePin(this.#pins.shift()!, sequence, hash);
  }

  #comparePin(pin: Pin, sequence: number, hash: Uint8Array | null): void {
    if (pin.sequence !== sequence || hash === null || Buffer.compare(pin.hash, hash) === 0) return;
    this.#findings.add(
      'changed',
      this.facts.queue,
      sequence,
      `Event ${sequence} is another one than ${pin.source} has`,
    );
  }

  async #checkEnd(): Promise<void> {
    const { queue, head, known: outside } = this.facts;
    const last = this.chain.sequence;
    if (outside.last !== null && outside.last < last) {
      const why = `The local queue ends at event ${outside.last}, the trail has event ${last}: the queue file is an old copy`;
      this.#findings.add('rolled-back', queue, outside.last + 1, why);
    }
    const known = await this.#knownEnd();
    if (known && known.sequence > last) {
      const missing = `${eventsText(last + 1, known.sequence)} ${known.sequence === last + 1 ? 'is' : 'are'} missing at the end`;
      this.#findings.add('cut', queue, last + 1, `${missing}: ${known.source} has event ${known.sequence}`);
    }
    if (!head && last > 0) {
      this.#findings.add('inserted', queue, null, 'The queue is not in table queues, but has events or checkpoints');
    } else if (head && last > head.sequence) {
      const after = eventsText(head.sequence + 1, last);
      this.#findings.add('inserted', queue, head.sequence + 1, `${after} came after the last that was shipped`);
    } else if (head && last === head.sequence && this.#lastHash && Buffer.compare(this.#lastHash, head.hash) !== 0) {
      this.#findings.add('changed', queue, last, `Event ${last} has another hash than table queues has for it`);
    } else if (head && last === head.sequence) this.#checkHead(head);
  }

  /** Checks server and last time of table queues, which reports use. */
  #checkHead({ server, lastAt }: QueueHead): void {
    const event = this.#lastEvent;
    if (event === null || (event.server === server && toSqlTime(event.at) === lastAt)) return;
    const why = `Table queues says that the queue is of ${server} and ends at ${lastAt}, its last event says otherwise`;
    this.#findings.add('changed', this.facts.queue, event.sequence, why);
  }

  /** The last event that is known of. */
  async #knownEnd(): Promise<{ sequence: number; source: string } | undefined> {
    const known: { sequence: number; source: string }[] = [...this.#pins];
    if (this.facts.head) known.push({ sequence: this.facts.head.sequence, source: 'table queues' });
    for (let row = this.#checkpoints.row; row; row = this.#checkpoints.row) {
      if (this.seal.isSigned(row)) known.push({ sequence: row.sequence, source: 'a signed checkpoint' });
      this.#checkpoints.advance();
      await this.#checkpoints.fill();
    }
    return known.sort((a, b) => b.sequence - a.sequence)[0];
  }
}

import type { Knex } from 'knex';
import { inodeOf } from '../../base/files.js';
import { genesisHash } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { type StoredEvent, storeEvents } from '../../ledger/event/stored-event.js';
import { KnownTimelines } from '../sightings/known-timelines.js';
import { readBaseline } from './baseline-rows.js';
import { insertAll } from './bulk.js';
import { checkChain } from './chain.js';
import { type Connection, connect } from './connection.js';
import type { TrailConnection } from './database.js';
import { connectError, TrailGoneError, TrailMismatchError } from './errors.js';
import { EVENT_FORM } from './event-text.js';
import { succeedQueue, writeGaps } from './gap-rows.js';
import { type Gap, gapOf, lateGap } from './gaps.js';
import { NO_WORK, type Work } from './load.js';
import { checkSchema, migrateSchema } from './migrator.js';
import { type Naming, PLAIN_NAMING } from './naming.js';
import { KnownPorts, renamePorts, savePorts } from './ports.js';
import { Mismatch, newEvents, type Position, readQueue, type StoredQueue, writePosition } from './positions.js';
import { type Proof, writeProof } from './proof-rows.js';
import { quarantineGap, writeQuarantined } from './quarantine.js';
import type { AppendStep, StepListener } from './steps.js';
import { extendSightings, type Preparation, prepareSightings, writeSightings } from './timeline.js';
import { inTransaction } from './transaction.js';
import { describeTarget, parseTrailUrl, type TrailTarget } from './url.js';
import { type LockedTrail, lockTrail, writeNamingFingerprint } from './writer-lock.js';

export interface TrailOptions {
  /** Names of switches and ports. Default: the text of their bytes. */
  readonly naming?: Naming;
  /** Most connections at once. Default 2; SQLite has always 1. */
  readonly poolSize?: number;
  /** Whole seconds after which MySQL drops an idle session of ours, with its locks. Default 60. */
  readonly idleSeconds?: number;
  /** Called after each step of an append. */
  readonly onStep?: StepListener<AppendStep>;
}

/** Events of one queue, consecutive and in order. */
export interface Batch {
  /** UUID of the queue. */
  readonly queue: string;
  readonly server: string;
  readonly events: readonly LedgerEvent[];
  /** Checkpoints of these and earlier events, and keys. */
  readonly proof?: Proof;
}

export interface AppendResult extends Position {
  /** Events that are new in the trail. */
  readonly appended: number;
  /** Events that were there already. */
  readonly skipped: number;
}

/** The audit database. */
export class Trail {
  /** For functions of `trail/store`, and for tests that look into the tables. Others use {@link connection}. */
  readonly knex: Knex;
  readonly #target: TrailTarget;
  readonly #connection: Connection;
  readonly #naming: Naming;
  readonly #ports = new KnownPorts();
  readonly #timelines = new KnownTimelines();
  readonly #onStep: StepListener<AppendStep>;
  /** Inode of an open SQLite trail. */
  #inode: number | undefined;

  private constructor(target: TrailTarget, connection: Connection, { naming, onStep }: TrailOptions) {
    this.#target = target;
    this.#connection = connection;
    this.#naming = naming ?? PLAIN_NAMING;
    this.#onStep = onStep ?? (() => undefined);
    this.knex = connection.knex;
  }

  /** Connects. Throws TrailUnreachableError if the database does not answer or refuses, UsageError for a bad URL. */
  static async open(url: string, options: TrailOptions = {}): Promise<Trail> {
    const target = parseTrailUrl(url);
    const trail = new Trail(target, connectTo(target, options), options);
    try {
      await trail.knex.raw('SELECT 1');
      if (target.kind === 'sqlite') trail.#inode = inodeOf(target.file);
      return trail;
    } catch (error) {
      await trail.close();
      throw connectError(error, target);
    }
  }

  /** For the functions of `trail/store`. */
  get connection(): TrailConnection {
    return this.knex;
  }

  /** True for the SQLite trail, which needs no administrator and migrates by itself. */
  get embedded(): boolean {
    return this.#target.kind === 'sqlite';
  }

  /** Its URL without the password. */
  get location(): string {
    return describeTarget(this.#target);
  }

  /** Brings the schema to the newest version; returns the names of the migrations that ran. See migrateSchema. */
  async migrate(options: { unlock?: boolean } = {}): Promise<string[]> {
    return await migrateSchema(this.knex, options.unlock);
  }

  /** Throws SchemaError unless the schema is the one this program knows. */
  async checkSchema(): Promise<void> {
    await checkSchema(this.knex);
  }

  /** How far the queue is in the trail, undefined if the trail does not know it. */
  async position(queue: string): Promise<StoredQueue | undefined> {
    return (await readQueue(this.knex, queue)) ?? undefined;
  }

  /**
   * Throws TrailMismatchError, after recording a gap, if the trail has more events of the queue than the queue ever had, or fewer than
   * were shipped: one of the two was restored from a backup. ({@link append} finds another past of the same length.)
   */
  async checkQueue(queue: { uuid: string; server: string; shipped: number; last: number }): Promise<void> {
    const { uuid, server, shipped, last } = queue;
    const stored = await readQueue(this.knex, uuid);
    const sequence = stored?.sequence ?? 0;
    if (sequence > last) {
      const detail = `it ends at event ${last}, the trail has event ${sequence}`;
      throw await this.#refuse(uuid, server, new Mismatch(stored, last + 1, detail));
    }
    if (sequence < shipped) {
      const detail = `the trail lacks ${eventsText(sequence + 1, shipped)} shipped before`;
      throw await this.#refuse(uuid, server, new Mismatch(stored, sequence + 1, detail, 'trail'));
    }
  }

  /** Throws TrailGoneError if the file of an SQLite trail was removed or replaced: what is written to it would be lost with this process. */
  checkInPlace(): void {
    if (this.#target.kind !== 'sqlite' || inodeOf(this.#target.file) === this.#inode) return;
    throw new TrailGoneError(`Trail ${this.location} was removed or replaced`, {
      hint: 'put it back; an empty one in its place does not have what was shipped before',
    });
  }

  /**
   * Writes a batch in ONE transaction: events, switches, ports, sightings, gaps, checkpoints and the queue's position.
   * Events that are there already are skipped, so a batch whose outcome is unknown can be appended again.
   *
   * Throws BrokenChainError if the batch is not a chain, TrailMismatchError (after recording a gap) if it does not
   * continue the queue's events in the trail, or what the driver throws; see isTransient.
   *
   * @param meanwhile work to do while the database is busy; must not throw
   */
  async append(batch: Batch, meanwhile: Work = NO_WORK): Promise<AppendResult> {
    const ports = this.#ports.unknown(batch.events);
    let written: { lockNumber: number; ends: Preparation['ends'] } | undefined;
    const result = await this.#enter(batch, async (db, fresh, { lockNumber }) => {
      await savePorts(db, ports.values(), this.#naming);
      await this.#onStep('ports-written');
      written = { lockNumber, ends: await this.#write(db, fresh, lockNumber, meanwhile) };
    });
    this.#ports.add(ports);
    if (written) this.#timelines.remember(written.lockNumber, written.ends);
    return result;
  }

  /**
   * Quarantines the one event of the batch, which the database rejects: table `quarantined` gets its bytes and the reason, a gap
   * names it, and the queue continues after it. Throws as {@link append} does.
   */
  async quarantine(batch: Batch, reason: string): Promise<AppendResult> {
    return await this.#enter(batch, async (db, fresh) => {
      for (const event of fresh) await writeQuarantined(db, event, reason);
      await writeGaps(
        db,
        fresh.map((event) => quarantineGap(event, reason)),
      );
    });
  }

  /** Renames all switches and ports if another naming made their names. Returns true if it renamed any. */
  async refreshNames(): Promise<boolean> {
    return await inTransaction(this.knex, async (db) => {
      const { naming } = await lockTrail(db);
      if (naming === this.#naming.fingerprint) return false;
      const count = await renamePorts(db, this.#naming);
      await writeNamingFingerprint(db, this.#naming.fingerprint);
      return count > 0;
    });
  }

  /** Records a span without evidence; a gap that is recorded already stays one. */
  async recordGap(gap: Gap): Promise<void> {
    await writeGaps(this.knex, [gap]);
  }

  /** Cuts the connections at once; running statements fail. For a database that no longer answers. */
  abort(): void {
    this.#connection.abort();
  }

  async close(): Promise<void> {
    await this.knex.destroy();
  }

  /** Writes the new events of the batch by `write`, and the queue's position after them, in one transaction. */
  async #enter(
    batch: Batch,
    write: (db: TrailConnection, fresh: readonly StoredEvent[], locked: LockedTrail) => Promise<void>,
  ): Promise<AppendResult> {
    checkChain(batch.queue, batch.events);
    const events = storeEvents(batch.events);
    try {
      const result = await inTransaction(this.knex, async (db) => {
        const locked = await lockTrail(db);
        await this.#onStep('trail-locked');
        const stored = await readQueue(db, batch.queue);
        const fresh = await newEvents(db, batch.queue, events, stored);
        if (batch.proof) await writeProof(db, batch.proof);
        await this.#onStep('proof-written');
        if (fresh.length === 0) return resultOf(batch, stored, 0);
        await write(db, fresh, locked);
        await writePosition(db, batch.server, fresh.at(-1)!);
        await this.#onStep('position-written');
        return resultOf(batch, fresh.at(-1)!, fresh.length);
      });
      this.checkInPlace();
      await this.#onStep('committed');
      return result;
    } catch (error) {
      if (error instanceof Mismatch) throw await this.#refuse(batch.queue, batch.server, error);
      throw error;
    }
  }

  async #write(
    db: TrailConnection,
    fresh: readonly StoredEvent[],
    lockNumber: number,
    meanwhile: Work,
  ): Promise<Preparation['ends']> {
    this.#timelines.begin(lockNumber);
    const baseline = await readBaseline(db);
    const late = fresh.filter((event) => baseline !== null && event.at < baseline.before);
    const sightings = await prepareSightings(db, fresh.slice(late.length), baseline, this.#timelines);
    await insertAll(db, EVENT_FORM, fresh, extendSightings(sightings));
    await this.#onStep('events-written');
    await writeSightings(db, sightings, meanwhile);
    await this.#onStep('sightings-written');
    const gaps = [...fresh.map(gapOf), lateGap(late)];
    await writeGaps(
      db,
      gaps.filter((gap) => gap !== null),
    );
    if (fresh[0]!.sequence === 1) await succeedQueue(db, fresh[0]!);
    return sightings.ends;
  }

  async #refuse(queue: string, server: string, mismatch: Mismatch): Promise<TrailMismatchError> {
    const { stored, sequence, detail } = mismatch;
    await this.recordGap({
      queue,
      sequence,
      kind: 'queue-mismatch',
      server,
      from: stored?.lastAt ?? null,
      until: null,
      detail,
    });
    return new TrailMismatchError(`Queue ${queue} of ${server} does not fit the trail: ${detail}`, {
      hint: HINTS[mismatch.fault],
      fields: { queue, server, sequence },
    });
  }
}

/** Hints, by what was set back. */
const HINTS = {
  queue: 'the queue was restored from a backup, copied or edited; start a new one with portledger queue new',
  trail:
    'the trail was restored from a backup, removed, or is another one: put back the one that has them; else portledger queue new goes on without them, and keeps what was not shipped yet in a file beside the queue',
} as const;

function eventsText(from: number, to: number): string {
  return from === to ? `event ${from}, which was` : `events ${from} to ${to}, which were`;
}

function resultOf(batch: Batch, last: { sequence: number; hash: Uint8Array } | null, appended: number): AppendResult {
  return {
    sequence: last?.sequence ?? 0,
    hash: Buffer.from(last?.hash ?? genesisHash(batch.queue)),
    appended,
    skipped: batch.events.length - appended,
  };
}

function connectTo(target: TrailTarget, options: TrailOptions): Connection {
  try {
    return connect(target, options);
  } catch (error) {
    throw connectError(error, target);
  }
}

import type { Micros } from '../../base/time.js';
import type { Checkpoint } from '../../ledger/proof/checkpoint.js';
import type { Introduction } from '../../ledger/proof/introduction.js';
import type { PublicKey } from '../../ledger/proof/key.js';
import { claimedRing, type KeyRing, trustedRing } from '../../ledger/proof/key-ring.js';
import { readBaseline } from '../store/baseline-rows.js';
import type { TrailConnection } from '../store/database.js';
import type { Naming } from '../store/naming.js';
import { readIntroductions } from '../store/proof-rows.js';
import { inSnapshot } from '../store/transaction.js';
import { readNamingFingerprint } from '../store/writer-lock.js';
import { DerivedCheck } from './derived-check.js';
import { type Outside, readFacts, type Scope } from './facts.js';
import { type Fault, Findings } from './findings.js';
import { checkHolds } from './hold-check.js';
import { checkPorts } from './port-check.js';
import { QueueWalk } from './queue-walk.js';

export interface VerifyOptions extends Scope {
  /** The only keys that are trusted, with those they certified. Empty: every key that the trail has. */
  readonly trusted: readonly PublicKey[];
  /** Names of switches and ports by the configuration. */
  readonly naming?: Naming | undefined;
  /** What is known of queues from outside of the trail. */
  readonly outside?: Outside | undefined;
}

/** The result for one queue. */
export interface QueueResult {
  readonly queue: string;
  readonly server: string;
  readonly events: number;
  /** Quarantined ones among them: they are in no sighting. */
  readonly setAside: number;
  /** Events that retention removed, and when it last did. */
  readonly removed: number;
  readonly removedAt: Micros | null;
  /** Times of the first and the last event that is there. */
  readonly first: Micros | null;
  readonly last: Micros | null;
  readonly lastSequence: number;
  /** The last checkpoint that holds, and how many events lie after it. */
  readonly checkpoint: Checkpoint | null;
  readonly unsigned: number;
}

export interface Verification {
  readonly faults: readonly Fault[];
  /** All of them; `faults` may have only the first ones. */
  readonly faultCount: number;
  readonly queues: readonly QueueResult[];
  readonly events: number;
  /** Those of them in the given time; the others are read because they prove these. */
  readonly asked: number;
  /** Null: not compared, as only a part of the trail was verified. */
  readonly sightings: number | null;
  /** Sightings that had ended before the events that retention left. */
  readonly oldSightings: number;
  readonly ports: number | null;
  /** True if the names of switches and ports were compared with those of the configuration. */
  readonly isNamed: boolean;
  /** True if the signatures were checked with keys from outside of the trail. */
  readonly isTrusted: boolean;
}

/**
 * Checks the trail: chain and checkpoints of each queue, that sightings, gaps, switches and ports are what follows from the
 * events, and that holds are as they were signed. Reads everything once, in the order of time, in one snapshot.
 * Throws UsageError if the trail has no queue of the given server.
 */
export async function verifyTrail(trail: TrailConnection, options: VerifyOptions): Promise<Verification> {
  return await inSnapshot(trail, async (db) => await new Verifier(db, options).run());
}

class Verifier {
  readonly #db: TrailConnection;
  readonly #options: VerifyOptions;
  readonly #findings = new Findings();
  readonly #times = new Map<QueueWalk, { first: Micros | null; last: Micros | null }>();
  #asked = 0;

  constructor(db: TrailConnection, options: VerifyOptions) {
    this.#db = db;
    this.#options = options;
  }

  async run(): Promise<Verification> {
    const introductions = await readIntroductions(this.#db);
    const ring = this.#ringOf(introductions);
    const facts = await readFacts(this.#db, this.#options, this.#options.outside ?? new Map());
    const derived = this.#isWhole ? new DerivedCheck(this.#db, this.#findings) : null;
    const walks = facts.map((one) => new QueueWalk(this.#db, one, ring, this.#findings));
    const baseline = derived && (await readBaseline(this.#db));
    if (baseline) await derived.startFrom(baseline, ring);
    for (const { queue, removals } of facts) {
      derived?.addQueue(queue, (sequence) => removals.some((one) => one.from <= sequence && sequence <= one.to));
    }
    await this.#walk(walks, derived);
    for (const walk of walks) await this.#endWalk(walk);
    if (derived) this.#checkSigners(walks, introductions);
    await derived?.end();
    const naming = derived && (await this.#naming());
    const ports = derived && (await checkPorts(this.#db, naming, derived.sightings.ports, this.#findings));
    if (ports !== null) this.#checkNamed(naming, ports);
    if (derived) await checkHolds(this.#db, ring, this.#findings);
    return this.#result(walks, derived, ports, naming !== null);
  }

  /** True if the whole trail is verified: only then can sightings and gaps be rebuilt. */
  get #isWhole(): boolean {
    const { server, from, to } = this.#options;
    return server === undefined && from === undefined && to === undefined;
  }

  #isAsked(at: Micros): boolean {
    const { from, to } = this.#options;
    return (from === undefined || at >= from) && (to === undefined || at < to);
  }

  #ringOf(introductions: readonly Introduction[]): KeyRing {
    const { trusted } = this.#options;
    return trusted.length > 0 ? trustedRing(trusted, introductions) : claimedRing(introductions);
  }

  /** Reads all queues together in the order of time, which the sightings need. */
  async #walk(walks: readonly QueueWalk[], derived: DerivedCheck | null): Promise<void> {
    for (const walk of walks) {
      await walk.fill();
      this.#times.set(walk, { first: null, last: null });
    }
    for (let walk = earliest(walks); walk; walk = earliest(walks)) {
      const { event, encoded } = walk.next!;
      if (walk.isQuiet) walk.pass();
      else await walk.passSlowly();
      if (event !== null) {
        const times = this.#times.get(walk)!;
        times.first ??= event.at;
        times.last = event.at;
        if (this.#isAsked(event.at)) this.#asked += 1;
        if (derived && encoded !== null) await derived.observeAside(event);
        else if (derived) {
          if (derived.needs(event)) await derived.goTo(event);
          derived.observe(event);
        }
      }
      if (walk.isDry) await walk.fill();
    }
  }

  async #endWalk(walk: QueueWalk): Promise<void> {
    await walk.end();
    const { queue } = walk.facts;
    const { trusted, from, to } = this.#options;
    if (trusted.length === 0 || walk.seal.last !== null) return;
    // A span without events needs no signature
    if (walk.counts.events === 0 && (from !== undefined || to !== undefined)) return;
    this.#findings.add(
      'unsigned',
      queue,
      null,
      'No checkpoint of the queue is signed by a trusted key: its events prove nothing',
    );
  }

  /** Each trusted key must have signed something: an emptied trail must not pass. */
  #checkSigners(walks: readonly QueueWalk[], introductions: readonly Introduction[]): void {
    // A queue that no trusted key signed is reported already
    if (walks.some(({ seal }) => seal.last === null)) return;
    for (const key of this.#options.trusted) {
      const ring = trustedRing([key], introductions);
      if (walks.some(({ seal }) => [...seal.signers].some((id) => ring.has(id)))) continue;
      const why = `Nothing in the trail is signed by key ${key.id}, nor by one that it certified: what its server recorded is missing, or was not shipped yet`;
      this.#findings.add('unsigned', null, null, why);
    }
  }

  /** Null if the names in the trail were made by another configuration than this one. */
  async #naming(): Promise<Naming | null> {
    const { naming } = this.#options;
    return naming && (await readNamingFingerprint(this.#db)) === naming.fingerprint ? naming : null;
  }

  /** Names that cannot be compared are a fault: else a change of the stored fingerprint would hide changed names. */
  #checkNamed(naming: Naming | null, ports: number): void {
    if (naming !== null || ports === 0 || !this.#options.naming) return;
    const why =
      'Names of switches and ports were made by other "switches" than those of this configuration (give verify those that the shipper has, or start the shipper anew with these)';
    this.#findings.add('place', null, null, why);
  }

  #result(
    walks: readonly QueueWalk[],
    derived: DerivedCheck | null,
    ports: number | null,
    isNamed: boolean,
  ): Verification {
    const queues = walks.map((walk): QueueResult => {
      const { queue, server, removals } = walk.facts;
      return {
        queue,
        server,
        ...walk.counts,
        removedAt: removals.length > 0 ? Math.max(...removals.map((removal) => removal.at)) : null,
        ...this.#times.get(walk)!,
        lastSequence: walk.chain.sequence,
        checkpoint: walk.seal.last,
        unsigned: walk.seal.unsigned,
      };
    });
    return {
      faults: this.#findings.faults,
      faultCount: this.#findings.total,
      queues,
      events: queues.reduce((sum, queue) => sum + queue.events, 0),
      asked: this.#asked,
      sightings: derived ? derived.sightings.count : null,
      oldSightings: derived?.old ?? 0,
      ports,
      isNamed,
      isTrusted: this.#options.trusted.length > 0,
    };
  }
}

/** The queue with the next event in the order of time, then queue. Events that cannot be read come first. */
function earliest(walks: readonly QueueWalk[]): QueueWalk | undefined {
  let first: QueueWalk | undefined;
  for (const walk of walks) {
    if (walk.next && (!first || comesBefore(walk, first))) first = walk;
  }
  return first;
}

/** For equal times the order of the queues decides, which is that of the walks. */
function comesBefore(a: QueueWalk, b: QueueWalk): boolean {
  return (a.next!.event?.at ?? 0) < (b.next!.event?.at ?? 0);
}

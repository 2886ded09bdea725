import { genesisHash, sealEvent } from '../../src/ledger/event/encoding.js';
import { readStored, type StoredEvent } from '../../src/ledger/event/stored-event.js';
import { observe, type Sighting } from '../../src/trail/sightings/rules.js';
import { insertAll, replaceAll } from '../../src/trail/store/bulk.js';
import { EVENT_FORM } from '../../src/trail/store/event-text.js';
import { NO_WORK, type Work } from '../../src/trail/store/load.js';
import { PLAIN_NAMING } from '../../src/trail/store/naming.js';
import { KnownPorts, savePorts } from '../../src/trail/store/ports.js';
import { writePosition } from '../../src/trail/store/positions.js';
import { SIGHTING_FORM } from '../../src/trail/store/sighting-text.js';
import type { Trail } from '../../src/trail/store/trail.js';
import { inTransaction } from '../../src/trail/store/transaction.js';
import { DAY_START, draftOf, type WorkloadOptions } from '../lab/workload.js';

/** Events of one transaction, and of one step of work. */
const BATCH = 50_000;
const PORTION = 500;

/**
 * Fills an empty trail with the events and sightings of a workload, like a shipper, but without a queue and without reading the database:
 * sightings are computed in memory and written when they end, or when the loader stops. loaded.ts checks that the trail is the same.
 */
export class Loader {
  readonly #trail: Trail;
  readonly #options: Omit<WorkloadOptions, 'events'>;
  readonly #ports = new KnownPorts();
  readonly #open = new Map<string, Sighting>();
  #hash: Uint8Array;
  #count = 0;
  #next: readonly StoredEvent[] = [];

  constructor(trail: Trail, options: Omit<WorkloadOptions, 'events'>) {
    this.#trail = trail;
    this.#options = options;
    this.#hash = genesisHash(options.queue);
  }

  /** Continues until the trail has this many events. */
  async fill(events: number): Promise<void> {
    for (const _ of this.#making(events));
    while (this.#next.length > 0) await this.#write(this.#next, this.#making(events));
    await replaceAll(this.#trail.knex, SIGHTING_FORM, [...this.#open.values()], NO_WORK);
  }

  /** Prepares the next batch while the database writes the last one. */
  *#making(most: number): Generator<void> {
    const { queue, offset, step } = this.#options;
    const pieces: Uint8Array[] = [];
    for (const end = Math.min(most, this.#count + BATCH); this.#count < end; ) {
      const at = DAY_START + offset + this.#count * step;
      const draft = draftOf(this.#options, this.#count, at);
      const { encoded, event } = sealEvent({ queue, sequence: ++this.#count, at, ...draft }, this.#hash);
      this.#hash = event.hash;
      pieces.push(encoded, event.hash);
      if (this.#count % PORTION === 0) yield;
    }
    this.#next = readStored(Buffer.concat(pieces));
  }

  async #write(events: readonly StoredEvent[], meanwhile: Work): Promise<void> {
    const ports = this.#ports.unknown(events);
    await inTransaction(this.#trail.knex, async (db) => {
      await savePorts(db, ports.values(), PLAIN_NAMING);
      await insertAll(db, EVENT_FORM, events, meanwhile);
      await replaceAll(db, SIGHTING_FORM, this.#over(events), NO_WORK);
      await writePosition(db, this.#options.server, events.at(-1)!);
    });
    this.#ports.add(ports);
  }

  /** The sightings that these events end. */
  #over(events: readonly StoredEvent[]): Sighting[] {
    const over: Sighting[] = [];
    for (const event of events) {
      const { ended, open } = observe(this.#open.get(event.address!) ?? null, event);
      if (ended) over.push(ended);
      if (open) this.#open.set(event.address!, open);
      else this.#open.delete(event.address!);
    }
    return over;
  }
}

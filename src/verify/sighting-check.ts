import type { LedgerEvent } from '../event/event.js';
import { SIGHTING_COLUMNS, type SightingRow, sightingToRow } from '../trail/sighting-rows.js';
import { observe, type Sighting, sameBytes } from '../trail/sightings.js';
import type { Findings } from './findings.js';

/** A sighting as it was rebuilt so far, and what the trail has for it: undefined if nothing. */
interface Rebuilt {
  sighting: Sighting;
  readonly stored: SightingRow | undefined;
}

/** Rebuilds the sightings from the events of all queues, in the order of time, and compares each with its row once it has ended. */
export class SightingCheck {
  readonly #findings: Findings;
  /** One for each address that was ever used: this is what the memory of a verification grows with. */
  readonly #open = new Map<string, Rebuilt>();
  /** Ids of all ports that sightings name, hex. */
  readonly ports = new Set<string>();
  #count = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Sightings that were rebuilt. */
  get count(): number {
    return this.#count;
  }

  /** Begins with a sighting that was open before the first event. */
  seed(sighting: Sighting, stored: SightingRow | undefined): void {
    this.#open.set(sighting.ip, { sighting, stored });
  }

  /** Takes the next event. `rowOf` is asked for the row of a sighting that this event opens. */
  observe(event: LedgerEvent, rowOf: (event: LedgerEvent) => SightingRow | undefined): void {
    const { address } = event;
    if (address === null) return;
    const known = this.#open.get(address);
    const step = observe(known?.sighting ?? null, event);
    if (step.ended) this.#compare(step.ended, known!.stored);
    if (step.opened) this.#open.set(address, { sighting: kept(step.open!), stored: rowOf(event) });
    else if (step.open && known) known.sighting = keptAfter(known.sighting, step.open);
    else this.#open.delete(address);
  }

  /** Compares those that are still open. */
  end(): void {
    for (const { sighting, stored } of this.#open.values()) this.#compare(sighting, stored);
    this.#open.clear();
  }

  /** Tells of a row that no event opened. */
  noteInserted(queue: string, sequence: number): void {
    this.#findings.add(
      'sighting',
      queue,
      sequence,
      `Sighting of event ${sequence} is in the trail, but no event opened it`,
    );
  }

  #compare(sighting: Sighting, stored: SightingRow | undefined): void {
    this.#count += 1;
    if (sighting.portId) this.ports.add(sighting.portId.toString('hex'));
    const fault = faultOf(sighting, stored);
    if (fault === null) return;
    const { openedQueue, openedSequence } = sighting;
    this.#findings.add('sighting', openedQueue, openedSequence, `Sighting of event ${openedSequence} ${fault}`);
  }
}

/** Small buffers are cut from larger ones, which they keep in memory as a whole: what stays for long gets memory of its own. */
function kept(sighting: Sighting): Sighting {
  const { hwaddr, clientId, hostname } = sighting;
  return { ...sighting, hwaddr: copyOf(hwaddr), clientId: copyOf(clientId), hostname: copyOf(hostname) };
}

/** The same after one more event, of which only the hostname stays. */
function keptAfter(before: Sighting, sighting: Sighting): Sighting {
  if (sighting.hostname === before.hostname) return sighting;
  const isOld = sameBytes(sighting.hostname, before.hostname);
  return { ...sighting, hostname: isOld ? before.hostname : copyOf(sighting.hostname) };
}

function copyOf(bytes: Uint8Array | null): Uint8Array | null {
  return bytes && Uint8Array.from(bytes);
}

function faultOf(sighting: Sighting, stored: SightingRow | undefined): string | null {
  if (stored === undefined) return 'is missing';
  const row = sightingToRow(sighting);
  const wrong = SIGHTING_COLUMNS.filter((column, i) => !isSameValue(row[i]!, stored[column]));
  return wrong.length > 0 ? `does not follow from the events: ${wrong.join(', ')}` : null;
}

/** True if two values of a column are the same. */
export function isSameValue(a: unknown, b: unknown): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b;
}

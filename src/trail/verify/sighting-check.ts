import type { LedgerEvent } from '../../ledger/event/event.js';
import { observe, type Sighting, sameBytes } from '../sightings/rules.js';
import type { Value } from '../store/event-rows.js';
import { SIGHTING_COLUMNS, type SightingRow, sightingToRow } from '../store/sighting-rows.js';
import type { Findings } from './findings.js';

type Column = (typeof SIGHTING_COLUMNS)[number];

/** The columns that later events change. All others are compared at the opening event and not kept. */
const CHANGING = ['hostname', 'last_seen', 'lease_until', 'ended_at', 'end_reason', 'evidence', 'events'] as const;
const FIXED = SIGHTING_COLUMNS.filter((column) => !(CHANGING as readonly Column[]).includes(column));

/** Index of each column in a row of values. */
const INDEX = Object.fromEntries(SIGHTING_COLUMNS.map((column, i) => [column, i])) as Readonly<Record<Column, number>>;

/** A sighting as rebuilt so far, and its row in the trail. */
interface Rebuilt {
  readonly sighting: Changing;
  /** The values of {@link CHANGING}; undefined if there is no row. */
  readonly stored: readonly Value[] | undefined;
  /** Columns of {@link FIXED} that differ in the row. */
  readonly wrong: readonly Column[];
}

/** Changes in place: a new object for each event would fill the old generation of the heap. */
type Changing = { -readonly [field in keyof Sighting]: Sighting[field] };

/** Rebuilds the sightings from the events of all queues, in the order of time, and compares each with its row once it has ended. */
export class SightingCheck {
  readonly #findings: Findings;
  /** One for each address with an open sighting; the memory of a verification grows with it. */
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
    this.#open.set(sighting.ip, rebuilt(sighting, stored));
  }

  /** Checks the next event. `rowOf` gives the row of a sighting that this event opens. */
  observe(event: LedgerEvent, rowOf: (event: LedgerEvent) => SightingRow | undefined): void {
    const { address } = event;
    if (address === null) return;
    const known = this.#open.get(address);
    const step = observe(known?.sighting ?? null, event);
    if (step.ended) this.#compare(step.ended, known!);
    if (step.opened) this.#open.set(address, rebuilt(step.open!, rowOf(event)));
    else if (step.open && known) update(known.sighting, step.open);
    else this.#open.delete(address);
  }

  /** Compares those that are still open. */
  end(): void {
    for (const known of this.#open.values()) this.#compare(known.sighting, known);
    this.#open.clear();
  }

  /** Reports a row that no event opened. */
  noteInserted(queue: string, sequence: number): void {
    this.#findings.add(
      'sighting',
      queue,
      sequence,
      `Sighting of event ${sequence} is in the trail, but no event opened it`,
    );
  }

  #compare(sighting: Sighting, known: Rebuilt): void {
    this.#count += 1;
    if (sighting.portId) this.ports.add(sighting.portId.toString('hex'));
    const fault = faultOf(sighting, known);
    if (fault === null) return;
    const { openedQueue, openedSequence } = sighting;
    this.#findings.add('sighting', openedQueue, openedSequence, `Sighting of event ${openedSequence} ${fault}`);
  }
}

function rebuilt(sighting: Sighting, stored: SightingRow | undefined): Rebuilt {
  const row = sightingToRow(sighting);
  const wrong = stored ? FIXED.filter((column) => !isSameValue(row[INDEX[column]], stored[column])) : [];
  return { sighting: kept(sighting), stored: stored && CHANGING.map((column) => stored[column]), wrong };
}

/** Copies the bytes: a small buffer keeps the larger one that it is cut from in memory. */
function kept(sighting: Sighting): Sighting {
  const { hwaddr, clientId, hostname, switchId, portId } = sighting;
  const ids = { switchId: switchId && Buffer.from(switchId), portId: portId && Buffer.from(portId) };
  return { ...sighting, ...ids, hwaddr: copyOf(hwaddr), clientId: copyOf(clientId), hostname: copyOf(hostname) };
}

/** Takes over the changes by one more event. */
function update(before: Changing, after: Sighting): void {
  if (!sameBytes(after.hostname, before.hostname)) before.hostname = copyOf(after.hostname);
  before.lastSeen = after.lastSeen;
  before.leaseUntil = after.leaseUntil;
  before.evidence = after.evidence;
  before.events = after.events;
}

function copyOf(bytes: Uint8Array | null): Uint8Array | null {
  return bytes && Uint8Array.from(bytes);
}

function faultOf(sighting: Sighting, { stored, wrong }: Rebuilt): string | null {
  if (stored === undefined) return 'is missing';
  const row = sightingToRow(sighting);
  const changed = CHANGING.filter((column, i) => !isSameValue(row[INDEX[column]], stored[i]));
  const all = [...wrong, ...changed];
  return all.length > 0 ? `does not follow from the events: ${all.join(', ')}` : null;
}

/** True if two values of a column are the same. */
export function isSameValue(a: unknown, b: unknown): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b;
}

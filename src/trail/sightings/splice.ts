import type { Evidence } from '../../ledger/event/event.js';
import {
  compareKeys,
  type EventKey,
  isClientOf,
  leaseUntil,
  type Observation,
  observe,
  openingKey,
  type Sighting,
  sameBytes,
  stronger,
} from './rules.js';

/** What the trail has of an address around new events, before these are inserted. */
export interface Window {
  /** The last sighting that opened before the first new event, null if none did. */
  readonly before: Sighting | null;
  /** The last events before the first new event, and the first ones after it, each in order. */
  readonly earlier: readonly Observation[];
  readonly later: readonly Observation[];
  /** True if no event stands before `earlier`, or after `later`. */
  readonly fromStart: boolean;
  readonly toEnd: boolean;
}

/** Rows of `sightings` to write and to remove. */
export interface Splice {
  readonly saved: readonly Sighting[];
  readonly removed: readonly EventKey[];
}

/** The timeline without and with the new events, over the stretch in which the two differ. */
export interface Traces {
  readonly old: Trace;
  readonly renewed: Trace;
  /** The stored sighting before, if the part of it that lies before the window is not known. */
  readonly cut: Sighting | null;
  /** True if there may be events after the window. */
  readonly goesOn: boolean;
}

interface Trace {
  readonly closed: Sighting[];
  open: Sighting | null;
}

/**
 * Follows the timeline of an address without and with the new events (in order), from the grant before the first of them
 * until both are in the same state again. Null if the window is too short for that.
 */
export function trace(window: Window, added: readonly Observation[]): Traces | null {
  const anchor = window.earlier.findLastIndex(isGrant);
  if (anchor < 0 && !window.fromStart) return null;
  if (anchor >= 0 && window.before === null) return null;
  const start = anchor < 0 ? null : startAt(window.before!, window.earlier[anchor]!);
  const stored = [...window.earlier.slice(anchor + 1), ...window.later];
  const traces: Traces = {
    old: { closed: [], open: start?.open ?? null },
    renewed: { closed: [], open: start?.open ?? null },
    cut: start === null || start.whole ? null : window.before,
    goesOn: false,
  };
  const isNew = new Set(added);
  const last = added.at(-1)!;
  for (const event of [...stored, ...added].sort(compareKeys)) {
    if (!reaches(window, event)) return null;
    follow(traces.renewed, event);
    if (!isNew.has(event)) follow(traces.old, event);
    if (compareKeys(event, last) >= 0 && sameState(traces.old.open, traces.renewed.open)) {
      return { ...traces, goesOn: true };
    }
  }
  return window.toEnd ? traces : null;
}

/** True if the window has every stored event up to this one. */
function reaches({ later, toEnd }: Window, event: EventKey): boolean {
  const end = later.at(-1);
  return toEnd || (end !== undefined && compareKeys(event, end) <= 0);
}

/** The sighting whose stored row {@link splice} needs: the one that is open, without the new events, where both timelines meet. */
export function wanted({ old, goesOn, cut }: Traces): EventKey | null {
  if (!goesOn || old.open === null || (cut && isSame(old.open, cut))) return null;
  return openingKey(old.open);
}

/**
 * What the new events change. A sighting that reaches out of the window is its stored row plus the difference within the
 * window. Null if the window does not show enough for that.
 * @param stored the row of the sighting that {@link wanted} names
 */
export function splice(traces: Traces, stored: Sighting | null): Splice | null {
  const { old, renewed, cut, goesOn } = traces;
  const before = new Map(old.closed.map((sighting) => [nameOf(sighting), sighting]));
  const saved: Sighting[] = [];
  for (const sighting of renewed.closed) {
    if (equal(sighting, before.get(nameOf(sighting)))) continue;
    const whole = withPrefix(traces, sighting);
    if (whole === null) return null;
    saved.push(whole);
  }
  if (renewed.open) {
    const whole = goesOn ? withSuffix(traces, renewed.open, stored) : withPrefix(traces, renewed.open);
    if (whole === null) return null;
    saved.push(whole);
  }
  const kept = new Set([...renewed.closed, ...(renewed.open ? [renewed.open] : [])].map(nameOf));
  const gone = [...old.closed, ...(old.open ? [old.open] : [])].filter((sighting) => !kept.has(nameOf(sighting)));
  // What was opened before the window stays, whatever happens within it.
  const removed = gone.filter((sighting) => !(cut && isSame(sighting, cut))).map(openingKey);
  return { saved, removed };
}

/** The state after a grant of the sighting. `whole`: the grant opened it; else the state lacks what came before. */
function startAt(sighting: Sighting, grant: Observation): { open: Sighting; whole: boolean } {
  if (compareKeys(openingKey(sighting), grant) === 0) return { open: observe(null, grant).open!, whole: true };
  const open: Sighting = {
    ...sighting,
    lastSeen: grant.at,
    leaseUntil: leaseUntil(grant),
    endedAt: null,
    endReason: null,
    hostname: null,
    evidence: 'none',
    events: 0,
  };
  return { open, whole: false };
}

function follow(trace: Trace, event: Observation): void {
  const { ended, open } = observe(trace.open, event);
  if (ended) trace.closed.push(ended);
  trace.open = open;
}

/** A sighting that ends within the window, or with the timeline: its part within, and what came before. */
function withPrefix({ old, cut, goesOn }: Traces, part: Sighting): Sighting | null {
  if (!cut || !isSame(part, cut)) return part;
  const oldPart = [...old.closed, ...(old.open && !goesOn ? [old.open] : [])].find((one) => isSame(one, cut));
  return oldPart ? replacePart(cut, oldPart, part, { before: true, after: false }) : null;
}

/** The sighting that continues after the window as the stored one does. */
function withSuffix(traces: Traces, part: Sighting, stored: Sighting | null): Sighting | null {
  const { old, cut } = traces;
  const oldPart = old.open!;
  const whole = cut && isSame(oldPart, cut) ? cut : stored;
  if (whole === null) return null;
  const isCut = whole === cut;
  if (isCut && !isSame(part, cut)) return null;
  const known = isCut ? part : withPrefix(traces, part);
  const summary = known && replacePart(whole, oldPart, known, { before: isCut, after: true });
  if (summary === null) return null;
  const lastSeen = Math.max(whole.lastSeen, part.lastSeen);
  return { ...summary, lastSeen, leaseUntil: whole.leaseUntil, endedAt: whole.endedAt, endReason: whole.endReason };
}

/** Where the whole sighting has events that neither part has. */
interface Outside {
  readonly before: boolean;
  readonly after: boolean;
}

/** The whole sighting with the new part in place of the old one; null if that cannot be known. */
function replacePart(whole: Sighting, oldPart: Sighting, newPart: Sighting, outside: Outside): Sighting | null {
  const evidence = evidenceOf(whole.evidence, oldPart.evidence, newPart.evidence);
  const hostname = hostnameOf(whole.hostname, oldPart.hostname, newPart.hostname, outside);
  if (evidence === null || hostname === undefined) return null;
  return { ...newPart, evidence, hostname, events: whole.events - oldPart.events + newPart.events };
}

/** The strongest evidence of the new part and of the rest of the whole; null if that cannot be known. */
function evidenceOf(whole: Evidence, oldPart: Evidence, newPart: Evidence): Evidence | null {
  if (stronger(newPart, whole) === newPart) return newPart;
  return oldPart === whole ? null : whole;
}

type Hostname = Sighting['hostname'];

/** The latest name of the rest before, the new part and the rest after; undefined if that cannot be known. */
function hostnameOf(whole: Hostname, oldPart: Hostname, newPart: Hostname, outside: Outside): Hostname | undefined {
  if (sameBytes(oldPart, newPart)) return whole;
  if (!outside.after) return newPart ?? (outside.before ? undefined : null);
  if (oldPart !== null) return sameBytes(whole, oldPart) ? undefined : whole;
  if (whole === null) return newPart;
  return !outside.before || sameBytes(whole, newPart) ? whole : undefined;
}

/** True if all later events have the same effect on both. */
function sameState(a: Sighting | null, b: Sighting | null): boolean {
  if (a === null || b === null) return a === b;
  return a.leaseUntil === b.leaseUntil && sameBytes(a.portId, b.portId) && isClientOf(a, b);
}

function equal(a: Sighting, b: Sighting | undefined): boolean {
  return (
    b !== undefined &&
    a.lastSeen === b.lastSeen &&
    a.leaseUntil === b.leaseUntil &&
    a.endedAt === b.endedAt &&
    a.endReason === b.endReason &&
    a.evidence === b.evidence &&
    a.events === b.events &&
    sameBytes(a.hostname, b.hostname)
  );
}

function isSame(a: Sighting, b: Sighting): boolean {
  return a.openedSequence === b.openedSequence && a.openedQueue === b.openedQueue;
}

function isGrant(event: Observation): boolean {
  return event.kind === 'granted' || event.kind === 'renewed';
}

function nameOf(sighting: Sighting): string {
  return `${sighting.openedQueue}/${sighting.openedSequence}`;
}

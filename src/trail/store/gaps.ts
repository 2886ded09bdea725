import type { Micros } from '../../base/time.js';
import type { LedgerEvent } from '../../ledger/event/event.js';

/** Gaps that follow from one event, see {@link gapOf}. */
export const EVENT_GAP_KINDS = ['server-down', 'clock-stepped', 'queue-refused', 'queue-replaced'] as const;
/** Gaps that the trail itself notices. */
export const TRAIL_GAP_KINDS = ['queue-mismatch', 'queue-lost', 'arrived-late', 'quarantined'] as const;
export const GAP_KINDS = [...EVENT_GAP_KINDS, ...TRAIL_GAP_KINDS] as const;
export type GapKind = (typeof GAP_KINDS)[number];

/** A span in which a server can prove nothing. Named by (queue, sequence, kind): recording it twice records it once. */
export interface Gap {
  readonly queue: string;
  /** The event that reported it, or from which on the queue does not continue. */
  readonly sequence: number;
  readonly kind: GapKind;
  readonly server: string;
  /** Null: not known. */
  readonly from: Micros | null;
  /** Null: not known, or not over. */
  readonly until: Micros | null;
  readonly detail: string | null;
}

/** The gap that an event of the server reports, null if it reports none. */
export function gapOf(event: LedgerEvent): Gap | null {
  const kind = gapKind(event);
  if (kind === null) return null;
  return {
    queue: event.queue,
    sequence: event.sequence,
    kind,
    server: event.server,
    from: event.leaseStart ?? event.at,
    until: event.leaseEnd ?? event.at,
    detail: event.detail,
  };
}

function gapKind(event: LedgerEvent): GapKind | null {
  if (event.kind === 'clock-stepped' || event.kind === 'queue-refused') return event.kind;
  // A start without a span follows a clean stop or is the first: nothing was granted in between.
  if (event.kind !== 'server-started' || event.leaseStart === null || event.leaseEnd === null) return null;
  return event.sequence === 1 ? 'queue-replaced' : 'server-down';
}

/** The gap between the server's former queue, which ended at `lastAt`, and the first event of a queue that does not know of it. */
export function lostQueueGap(first: LedgerEvent, lastAt: Micros): Gap {
  return {
    queue: first.queue,
    sequence: first.sequence,
    kind: 'queue-lost',
    server: first.server,
    from: lastAt,
    until: first.at,
    detail: 'the server began a new queue without its former one',
  };
}

/**
 * The gap of events that arrived after retention had removed others of their time: they are in the trail, but in no sighting.
 * Null if there are none.
 */
export function lateGap(late: readonly LedgerEvent[]): Gap | null {
  const [first] = late;
  if (first === undefined) return null;
  return {
    queue: first.queue,
    sequence: first.sequence,
    kind: 'arrived-late',
    server: first.server,
    from: first.at,
    until: late.at(-1)!.at,
    detail: `${late.length} events arrived after retention had removed others of that time`,
  };
}

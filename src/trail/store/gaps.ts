import type { Micros } from '../../base/time.js';
import type { LedgerEvent } from '../../ledger/event/event.js';

/** Gaps that an event alone tells of, see {@link gapOf}. */
export const EVENT_GAP_KINDS = ['server-down', 'clock-stepped', 'queue-refused', 'queue-replaced'] as const;
/** Gaps that the trail itself noticed. */
export const TRAIL_GAP_KINDS = ['queue-mismatch', 'queue-lost', 'arrived-late', 'quarantined'] as const;
export const GAP_KINDS = [...EVENT_GAP_KINDS, ...TRAIL_GAP_KINDS] as const;
export type GapKind = (typeof GAP_KINDS)[number];

/** A span in which a server can prove nothing. Named by (queue, sequence, kind): recording it twice records it once. */
export interface Gap {
  readonly queue: string;
  /** The event that told of it, or from which on the queue does not continue. */
  readonly sequence: number;
  readonly kind: GapKind;
  readonly server: string;
  /** Null: not known. */
  readonly from: Micros | null;
  /** Null: not known, or not over. */
  readonly until: Micros | null;
  readonly detail: string | null;
}

/** The gap that an event of the server tells of, null if it tells of none. */
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
  // A start without a span follows a clean stop or is the first: nothing could have been granted meanwhile unseen.
  if (event.kind !== 'server-started' || event.leaseStart === null || event.leaseEnd === null) return null;
  return event.sequence === 1 ? 'queue-replaced' : 'server-down';
}

/** The gap before the first event of a queue whose server had another queue, up to `lastAt`, that it does not know of. */
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
 * The gap of events that arrived after retention had removed what happened around them: they are in the trail, but no sighting
 * shows them. Null if there are none.
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

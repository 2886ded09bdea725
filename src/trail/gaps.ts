import type { Micros } from '../base/time.js';
import type { LedgerEvent } from '../event/event.js';

export const GAP_KINDS = ['server-down', 'clock-stepped', 'queue-refused', 'queue-mismatch'] as const;
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
  return event.kind === 'server-started' && event.leaseStart !== null && event.leaseEnd !== null ? 'server-down' : null;
}

import { DECODE_REASONS } from '../../protocol/dhcpv4/errors.js';
import type { Refusal } from '../failover/api.js';

/** Reasons to leave a request for a shared address to the partner. */
const FAILOVER_REASONS = [
  'failover-startup',
  'failover-recovering',
  'failover-resolving-conflicts',
  'failover-paused',
  'failover-shut-down',
  'failover-partner-demands-silence',
  'failover-former-leases',
  'failover-load-balanced',
  'failover-partner-owns-lease',
  'failover-partner-chosen',
] as const satisfies readonly (Refusal | 'failover-partner-chosen')[];

/** Reasons to drop a datagram. Every dropped one is counted under one of them. */
export const DROP_REASONS = [
  ...DECODE_REASONS,
  'not-a-request',
  'no-message-type',
  'unsupported-message-type',
  'no-client-identity',
  'client-id-too-long',
  'option-82-untrusted-relay',
  'option-82-without-relay',
  'no-subnet',
  'pool-exhausted',
  'port-lease-limit',
  'other-server-chosen',
  'no-requested-address',
  'unknown-client',
  'release-unknown-lease',
  'decline-unknown-lease',
  'inform-without-address',
  // Its port, or all ports together, sent more than the server can handle
  'backlog-full',
  // A later request of its client was handled before it: relays and ports are served round robin
  'overtaken',
  ...FAILOVER_REASONS,
  'queue-unavailable',
  'internal-error',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

const PARTNERS: ReadonlySet<DropReason> = new Set([
  'failover-load-balanced',
  'failover-partner-owns-lease',
  'failover-partner-chosen',
] as const);

/** True if the partner answers the request instead: both servers agreed on that, or the client chose it. */
export function isPartners(reason: DropReason): boolean {
  return PARTNERS.has(reason);
}

/** What is counted besides drops. When nothing waits, `received` is the sum of the next four and all drops. */
export type TrafficCount =
  | 'received'
  | 'offers-sent'
  | 'acks-sent'
  | 'naks-sent'
  /** RELEASE and DECLINE that took effect: the protocol has no reply. */
  | 'taken-without-reply'
  | 'option-82-malformed'
  | 'option-82-not-echoed'
  | 'options-omitted'
  | 'send-errors';

/** Counts since the server started. */
export class Counters {
  readonly #drops = new Map<DropReason, number>();
  readonly #traffic = new Map<TrafficCount, number>();

  drop(reason: DropReason): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1);
  }

  count(what: TrafficCount): void {
    this.#traffic.set(what, (this.#traffic.get(what) ?? 0) + 1);
  }

  dropped(reason: DropReason): number {
    return this.#drops.get(reason) ?? 0;
  }

  /** All counts that are not 0; drops by reason. */
  snapshot(): { traffic: Record<string, number>; drops: Record<string, number> } {
    return { traffic: Object.fromEntries(this.#traffic), drops: Object.fromEntries(this.#drops) };
  }
}

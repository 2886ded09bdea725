import { DECODE_REASONS } from '../../protocol/dhcpv4/errors.js';
import type { Refusal } from '../failover/api.js';

/** Why a request for an address that is shared is left to the partner. */
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

/** Why a datagram was not taken up. Every one that was not is counted under one of these. */
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
  // Its port, or all ports together, sent more than can be worked off
  'backlog-full',
  // A later request of its client was taken up before, for relays and ports take turns
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

/** True for what is in good hands: the partner answers it, as both have agreed, or as the client wants. */
export function isPartners(reason: DropReason): boolean {
  return PARTNERS.has(reason);
}

/** What is counted besides drops: `received` is the sum of the next four and all drops, once nothing waits to be worked off. */
export type TrafficCount =
  | 'received'
  | 'offers-sent'
  | 'acks-sent'
  | 'naks-sent'
  /** Taken up, and the protocol has no reply: RELEASE, DECLINE. */
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

  /** All counts that are not 0; drops under their reason. */
  snapshot(): { traffic: Record<string, number>; drops: Record<string, number> } {
    return { traffic: Object.fromEntries(this.#traffic), drops: Object.fromEntries(this.#drops) };
  }
}

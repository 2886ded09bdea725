import type { Seconds } from './binding.js';

/** Time of an infinite lease, and the latest time that is sent: beyond it dhcpd's signed times overflow. */
export const NEVER: Seconds = 0x7fffffff;

/**
 * Seconds that a client may get: at most MCLT beyond `acknowledged`, the time that the partner is known to know (lazy update). So the first
 * lease is MCLT long, and later ones have their desired length once the partner has acknowledged that they may.
 */
export function permittedSeconds(desired: number, acknowledged: Seconds, mclt: number, now: Seconds): number {
  return Math.min(desired, Math.max(mclt, acknowledged - now + mclt));
}

/**
 * Until when the partner shall believe that the lease may last: long enough that the next renewal, which comes at half of the time given
 * now, can get the desired time. Desired and given in seconds.
 */
export function promise(desired: number, given: number, now: Seconds): Seconds {
  return Math.min(now + desired + Math.floor(given / 2), NEVER);
}

import type { Seconds } from './binding.js';

/** End of an infinite lease, and the latest time that is sent: later ones overflow dhcpd's signed times. */
export const NEVER: Seconds = 0x7fffffff;

/**
 * Seconds that a client may get: at most MCLT beyond `acknowledged`, the end that the partner has acknowledged (lazy update). So the
 * first lease lasts for MCLT, and later ones for the desired time once the partner has acknowledged that.
 */
export function permittedSeconds(desired: number, acknowledged: Seconds, mclt: number, now: Seconds): number {
  return Math.min(desired, Math.max(mclt, acknowledged - now + mclt));
}

/**
 * The potential end of a lease for the partner: late enough that the next renewal, after half of `given`, can get the desired time.
 * `desired` and `given` in seconds.
 */
export function promise(desired: number, given: number, now: Seconds): Seconds {
  return Math.min(now + desired + Math.floor(given / 2), NEVER);
}

import type { Moment } from './api.js';
import type { Binding, Seconds } from './binding.js';
import type { Exchange } from './exchange.js';
import { type Relationship, secondsOf } from './relationship.js';

/** Most leases that one call ends. */
const LIMIT = 500;
/** Seconds until a quarantine that cannot end yet is checked again. */
const LATER = 10;

/** Ends leases and quarantines whose time is over, at most 500, and returns how many. Call it only while this server is the one to end them. */
export function expireDue(relationship: Relationship, exchange: Exchange, isUp: boolean, now: Moment): number {
  const seconds = secondsOf(now);
  const mayEndQuarantine = relationship.machine.state !== 'COMMUNICATIONS-INTERRUPTED';
  // A quarantine does not end before the partner knows of it
  const isLater = (binding: Binding) => binding.status === 'ABANDONED' && (!mayEndQuarantine || binding.pending);
  const overAt = (binding: Binding) => (isLater(binding) ? seconds + LATER : relationship.overAt(binding));
  const due = relationship.table.takeDue(seconds, LIMIT, overAt);
  for (const binding of due) exchange.change(ended(binding, isUp, seconds), 'expired');
  return due.length;
}

function ended(binding: Binding, isUp: boolean, now: Seconds): Binding {
  if (binding.status === 'ABANDONED') return { ...binding, status: 'FREE', starts: now, promised: now, pending: true };
  return rewound(binding, isUp) ?? { ...binding, status: 'EXPIRED', pending: true };
}

/** The binding back in its free status, if there is no contact and the partner never learned of the lease; else undefined. */
function rewound(binding: Binding, isUp: boolean): Binding | undefined {
  if (!binding.rewind || isUp) return undefined;
  return { ...binding, status: binding.rewind, promised: 0, acknowledged: 0, pending: false, rewind: null };
}

/** The binding after the client released its lease. */
export function released(binding: Binding, isUp: boolean, now: Seconds): Binding {
  const after: Binding = { ...binding, status: 'RELEASED', starts: now, ends: now, cltt: now, pending: true };
  return rewound(after, isUp) ?? after;
}

/** The binding after the client found the address in use: ABANDONED until `until`, without a client. */
export function declined(binding: Binding, until: Seconds, now: Seconds): Binding {
  const nobody = { holder: null, hostname: null, port: null, rewind: null, flags: 0 };
  return { ...binding, ...nobody, status: 'ABANDONED', starts: now, ends: until, cltt: now, pending: true };
}

/**
 * For a partner that lost its stored state: nobody knows what it promised to clients beyond what this server knows. So every lease that
 * may still be active is assumed to last as long as the protocol allows. Ports are no longer sent for these: the partner may have seen
 * the client at another one since. Time grows with the number of addresses.
 * @param served until when the partner may have given leases, by this server's clock
 * @returns the number of leases that are assumed to last longer
 */
export function assumePartnersLeases(
  relationship: Relationship,
  exchange: Exchange,
  served: Seconds,
  now: Moment,
): number {
  const seconds = secondsOf(now);
  // Leases of this server that are over end first; after that they can only be extensions by the partner
  while (expireDue(relationship, exchange, true, now) > 0);
  let count = 0;
  // In the order of their ends, so that the address that ended last is given last
  for (const known of [...relationship.table.all()].sort((a, b) => a.ends - b.ends)) {
    const binding = withoutPort(known);
    const assumed = assumedLease(relationship, binding, served, seconds);
    if (assumed) count += 1;
    if (assumed || binding !== known) exchange.change(assumed ?? binding, 'assumed');
  }
  return count;
}

function withoutPort(binding: Binding): Binding {
  return binding.port ? { ...binding, port: null } : binding;
}

/** The binding with the latest end that the partner may have promised; undefined if that is over, or no later than the known end. */
function assumedLease(
  relationship: Relationship,
  binding: Binding,
  served: Seconds,
  now: Seconds,
): Binding | undefined {
  if (!mayGoOn(binding)) return undefined;
  // An end that is recorded already is not this server's to record again
  const own = binding.own && binding.status === 'ACTIVE';
  // Times are by the clock of the server that gave the lease
  const ends = relationship.partnersLongest(binding, now, own ? served : served - relationship.clockAhead);
  if (ends <= now || ends <= binding.ends) return undefined;
  const status = binding.status === 'ABANDONED' ? 'ABANDONED' : 'ACTIVE';
  const promised = Math.max(binding.promised, ends);
  return { ...binding, status, ends, promised, own, acknowledged: 0, pending: true };
}

function mayGoOn({ status, pending }: Binding): boolean {
  return status === 'ACTIVE' || (pending && (status === 'EXPIRED' || status === 'RELEASED' || status === 'ABANDONED'));
}

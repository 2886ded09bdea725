import type { Moment } from './api.js';
import type { Binding, Seconds } from './binding.js';
import type { Exchange } from './exchange.js';
import { type Relationship, secondsOf } from './relationship.js';

/** Ended leases that one tick works off. */
const LIMIT = 500;
/** A quarantine that is not this server's to end is looked at again after this. Seconds. */
const LATER = 10;

/** Ends the leases and quarantines whose time is over, and says how many: at most some hundred. Only to be called where that is this server's part. */
export function expireDue(relationship: Relationship, exchange: Exchange, isUp: boolean, now: Moment): number {
  const seconds = secondsOf(now);
  const mayEndQuarantine = relationship.machine.state !== 'COMMUNICATIONS-INTERRUPTED';
  // Nor before the partner knows that there is one
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

/** Out of contact, and the partner never heard of the lease: nobody has to be asked to make the address free. */
function rewound(binding: Binding, isUp: boolean): Binding | undefined {
  if (!binding.rewind || isUp) return undefined;
  return { ...binding, status: binding.rewind, promised: 0, acknowledged: 0, pending: false, rewind: null };
}

/** The client gave its lease back. */
export function released(binding: Binding, isUp: boolean, now: Seconds): Binding {
  const after: Binding = { ...binding, status: 'RELEASED', starts: now, ends: now, cltt: now, pending: true };
  return rewound(after, isUp) ?? after;
}

/** The client found the address in use. What is abandoned has no client. */
export function declined(binding: Binding, until: Seconds, now: Seconds): Binding {
  const nobody = { holder: null, hostname: null, port: null, rewind: null, flags: 0 };
  return { ...binding, ...nobody, status: 'ABANDONED', starts: now, ends: until, cltt: now, pending: true };
}

/**
 * The partner has lost its memory: what it may have promised to clients beyond what this server knows is known to nobody. So every lease that
 * may go on is taken to go on as long as the protocol allows. Nor is it told a port: it may have seen the client at another one since, and shall not take
 * the one known here for that. `served`: until when it may have given leases, by this server's clock. Returns how many leases are held. Takes time that
 * grows with the number of addresses.
 */
export function assumePartnersLeases(
  relationship: Relationship,
  exchange: Exchange,
  served: Seconds,
  now: Moment,
): number {
  const seconds = secondsOf(now);
  // What this server gave and is over has its end, and may go on as the partner's alone
  while (expireDue(relationship, exchange, true, now) > 0);
  let count = 0;
  // What ended last shall be given last
  for (const known of [...relationship.table.all()].sort((a, b) => a.ends - b.ends)) {
    const binding = withoutPort(known);
    const held = assumedLease(relationship, binding, served, seconds);
    if (held) count += 1;
    if (held || binding !== known) exchange.change(held ?? binding, 'assumed');
  }
  return count;
}

function withoutPort(binding: Binding): Binding {
  return binding.port ? { ...binding, port: null } : binding;
}

/** The binding if it goes on as long as the partner may have promised; undefined if it is over by then or no longer than it is known to be. */
function assumedLease(
  relationship: Relationship,
  binding: Binding,
  served: Seconds,
  now: Seconds,
): Binding | undefined {
  if (!mayGoOn(binding)) return undefined;
  // The end of one that was over is recorded already
  const own = binding.own && binding.status === 'ACTIVE';
  // Times are by the clock of the one whose lease it is
  const ends = relationship.partnersLongest(binding, now, own ? served : served - relationship.clockAhead);
  if (ends <= now || ends <= binding.ends) return undefined;
  const status = binding.status === 'ABANDONED' ? 'ABANDONED' : 'ACTIVE';
  const promised = Math.max(binding.promised, ends);
  return { ...binding, status, ends, promised, own, acknowledged: 0, pending: true };
}

function mayGoOn({ status, pending }: Binding): boolean {
  return status === 'ACTIVE' || (pending && (status === 'EXPIRED' || status === 'RELEASED' || status === 'ABANDONED'));
}

import type { Ipv4 } from '../../net/ipv4.js';
import type { ServerState } from '../../protocol/failover/codes.js';
import type { FailoverApi, Grant, Moment, Refusal, Silence, Withholding } from './api.js';
import { type Binding, type Holder, type Seconds, sameHolder } from './binding.js';
import { NEVER, permittedSeconds, promise } from './lease-time.js';
import { hashBucket } from './load-balance.js';
import { type Relationship, secondsOf } from './relationship.js';
import { ANSWERING } from './states.js';
import type { ListName } from './table.js';

/** How many addresses of a list {@link pick} tries. */
const LOOK = 8;

/** IP-flags: the address is reserved for its last client (dhcpd). */
const RESERVED = 1;

const SILENCE_OF: Readonly<Partial<Record<ServerState, Silence>>> = {
  STARTUP: 'failover-startup',
  RECOVER: 'failover-recovering',
  'RECOVER-WAIT': 'failover-recovering',
  'RECOVER-DONE': 'failover-recovering',
  'POTENTIAL-CONFLICT': 'failover-resolving-conflicts',
  'CONFLICT-DONE': 'failover-resolving-conflicts',
  PAUSED: 'failover-paused',
  SHUTDOWN: 'failover-shut-down',
};

/** States of the partner in which this server must not answer. */
const DEMANDING: ReadonlySet<ServerState> = new Set([
  'PARTNER-DOWN',
  'POTENTIAL-CONFLICT',
  'CONFLICT-DONE',
  'RESOLUTION-INTERRUPTED',
]);

/** See {@link FailoverApi.silence}. */
export function silenceOf({ machine }: Relationship): Silence | undefined {
  if (machine.starting) return 'failover-startup';
  if (!ANSWERING.has(machine.state)) return SILENCE_OF[machine.state];
  const demands = machine.heard && machine.partnerState !== null && DEMANDING.has(machine.partnerState);
  return demands ? 'failover-partner-demands-silence' : undefined;
}

/** See {@link FailoverApi.withholds}. */
export function withholdingOf(relationship: Relationship, now: Moment): Withholding | undefined {
  return secondsOf(now) < relationship.withholdsUntil ? 'failover-former-leases' : undefined;
}

/** See {@link FailoverApi.refusalOfDiscover}. */
export function refusesDiscover(relationship: Relationship, key: string, secs: number): Refusal | undefined {
  const silence = silenceOf(relationship);
  const { machine, settings } = relationship;
  if (silence || machine.state !== 'NORMAL') return silence;
  const isPatient = settings.loadBalanceMaxSeconds > 0 && secs <= settings.loadBalanceMaxSeconds;
  if (!isPatient || relationship.takesBucket(hashBucket(key))) return undefined;
  return partnerHasNone(relationship) ? undefined : 'failover-load-balanced';
}

function partnerHasNone({ settings, table, partnerFree }: Relationship): boolean {
  return settings.pools.every((_, pool) => table.count(pool, partnerFree) === 0);
}

/** See {@link FailoverApi.mayAllocate}. */
export function mayAllocate(relationship: Relationship, binding: Binding, client: Holder | null, now: Moment): boolean {
  const isHolders = client !== null && sameHolder(binding.holder, client);
  if (binding.flags & RESERVED && binding.holder !== null && !isHolders) return false;
  switch (binding.status) {
    case 'ACTIVE':
      return isHolders;
    case 'FREE':
    case 'BACKUP':
      return mayUseOwn(relationship, binding, now) || isReusable(relationship, binding, now);
    case 'EXPIRED':
    case 'RELEASED':
    case 'RESET':
      // An ended lease becomes free for the primary. Until then the partner can only extend it for the same client
      return (relationship.isPrimary && isHolders) || isReusable(relationship, binding, now);
    default:
      return false;
  }
}

/**
 * True if the address is free for this server and the partner has agreed to that. After a loss of stored state, only once former leases
 * are over.
 */
function mayUseOwn(relationship: Relationship, { status, pending }: Binding, now: Moment): boolean {
  const seconds = secondsOf(now);
  return status === relationship.ownFree && !pending && seconds >= relationship.formerLeasesUntil(seconds);
}

function isReusable(relationship: Relationship, binding: Binding, now: Moment): boolean {
  const seconds = secondsOf(now);
  return relationship.machine.state === 'PARTNER-DOWN' && seconds > relationship.reusableAt(binding, seconds);
}

/** See {@link FailoverApi.refusalToServe}. */
export function refusesRequest(
  relationship: Relationship,
  binding: Binding,
  client: Holder,
  now: Moment,
): Refusal | undefined {
  const silence = silenceOf(relationship);
  if (silence) return silence;
  // The caller refuses an active lease of another client, and a quarantine
  if (binding.status === 'ACTIVE' || binding.status === 'ABANDONED') return undefined;
  if (mayAllocate(relationship, binding, client, now)) return undefined;
  return withholdingOf(relationship, now) ?? 'failover-partner-owns-lease';
}

/** See {@link FailoverApi.pick}. */
export function pick(relationship: Relationship, pool: number, now: Moment): number | undefined {
  const { table, ownFree, partnerFree, machine } = relationship;
  const lists: ListName[] = machine.state === 'PARTNER-DOWN' ? [ownFree, partnerFree, 'ENDED'] : [ownFree];
  for (const list of lists) {
    const first = take(table.listed(pool, list), LOOK);
    const found = first.find((address) => mayAllocate(relationship, table.get(address), null, now));
    if (found !== undefined) return found;
    // Next time others are tried, whose time may be over
    for (const address of first) table.moveBack(address);
  }
  return undefined;
}

function take(addresses: Iterable<Ipv4>, count: number): Ipv4[] {
  const taken: Ipv4[] = [];
  for (const address of addresses) {
    taken.push(address);
    if (taken.length === count) break;
  }
  return taken;
}

/** See {@link FailoverApi.leaseSeconds}. */
export function leaseSeconds(
  relationship: Relationship,
  binding: Binding,
  client: Holder,
  desired: number,
  now: Moment,
): number {
  return permittedSeconds(desired, knownTo(relationship, binding, client), relationship.mclt.granting, secondsOf(now));
}

/** The potential end that the partner knows for this client's lease; 0 if the lease is another client's. */
function knownTo(relationship: Relationship, binding: Binding, client: Holder): Seconds {
  const isHolders = binding.status === 'ACTIVE' && sameHolder(binding.holder, client);
  return isHolders ? relationship.acknowledged(binding) : 0;
}

/**
 * The binding of a lease that this server grants or extends now.
 * @param isUp true if there is a connection, on which the partner may learn of it
 */
export function grantedBinding(
  relationship: Relationship,
  before: Binding,
  grant: Grant,
  isUp: boolean,
  now: Moment,
): Binding {
  const { address, htype, hwaddr, clientId, hostname, port, seconds, desired } = grant;
  const at = secondsOf(now);
  const known = knownTo(relationship, before, grant);
  // Never less than the partner knows: without contact it may have extended the lease that far
  const promised = Math.max(promise(Math.max(desired, seconds), seconds, at), known);
  return {
    address,
    status: 'ACTIVE',
    holder: { htype, hwaddr, clientId },
    hostname,
    port,
    starts: at,
    // Rounded up: the client's lease ends within this second
    ends: Math.min(Math.ceil(now.wall / 1_000_000) + seconds, NEVER),
    cltt: at,
    promised,
    acknowledged: known,
    agreed: before.agreed,
    pending: true,
    own: true,
    rewind: isUp ? null : rewindOf(relationship, before),
    flags: sameHolder(before.holder, grant) ? before.flags & RESERVED : 0,
  };
}

/** Without contact, a lease that the partner never learns of may become free again without its consent. */
function rewindOf({ machine, ownFree }: Relationship, before: Binding): Binding['rewind'] {
  if (machine.heard || machine.state !== 'COMMUNICATIONS-INTERRUPTED') return null;
  if (before.status === ownFree && !before.pending) return ownFree;
  return before.rewind;
}

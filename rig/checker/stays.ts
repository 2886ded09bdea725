import type { PortLabel } from '../roles/labels.js';
import type { Sight } from './sights.js';
import { earliest, latest, type Span, shift } from './span.js';

/** A row that `port_history` must have. */
export interface Stay {
  readonly ip: string;
  readonly mac: string;
  readonly clientId: string | undefined;
  readonly hostname: string | undefined;
  readonly port: PortLabel;
  /** More than one if several servers answered the same request at once: any of them may be first. */
  readonly servers: readonly string[];
  readonly firstSeen: Span;
  readonly lastSeen: Span;
  readonly leaseUntil: Span;
  /** Undefined while it is open. */
  readonly endedAt: Span | undefined;
  readonly endReason: string | undefined;
  /** More than one number if the wire does not show whether the expiry was counted. */
  readonly events: readonly number[];
}

/** A stay under construction. */
interface Draft {
  readonly leases: Sight[];
  last: Sight | undefined;
  reason: string | undefined;
  next: Draft | undefined;
}

const MICROS = 1_000_000;

/** A running server records the end of a lease within this time. */
const EXPIRY_NOTICE = 3 * MICROS;
/** After this time the end is in the trail, too. */
const END_SHIPPED = 2 * EXPIRY_NOTICE;

/** When the trail was read, and which servers' clocks were set back: there a lease may end early by the wall clock. */
export interface Reading {
  readonly at: number;
  /** The latest time that each server's clock may have shown then: a fast clock ends leases early. */
  readonly shown: ReadonlyMap<string, number>;
  readonly setBack: ReadonlySet<string>;
}

/**
 * The sights in the order of the servers' clocks, then of arrival. The times of one server never go back, whatever its clock does: a later
 * request has no earlier time.
 */
export function inOrder(sights: readonly Sight[]): Sight[] {
  const reached = new Map<string, number>();
  const timed = [...sights]
    .sort((a, b) => a.told - b.told)
    .map((sight) => {
      const from = Math.max(sight.at.from, reached.get(sight.server) ?? Number.NEGATIVE_INFINITY);
      reached.set(sight.server, from);
      return { sight, from };
    });
  return timed.sort((a, b) => a.from - b.from || a.sight.told - b.sight.told).map(({ sight }) => sight);
}

/**
 * The stays of one address that follow from these sights in this order. A stay is one uninterrupted presence of one client on one port. If a
 * lease ends within the span of a sight, the sight came after the end, unless it is one of those in time. With `isEarly`, the last lease has
 * ended by its server's clock; the server needs some time to notice and ship that.
 */
export function staysOf(
  sights: readonly Sight[],
  reading: Reading,
  inTime: ReadonlySet<Sight> = new Set(),
  isEarly = false,
): Stay[] {
  const drafts: Draft[] = [];
  let open: Draft | undefined;
  for (const sight of sights) {
    if (open && (inTime.has(sight) ? sight.at.from : sight.at.to) >= leaseUntil(open).to) open = close(open, 'expired');
    if (sight.kind === 'lease') {
      if (open && isSameClient(open, sight) && isSamePort(open, sight)) open.leases.push(sight);
      else {
        const draft: Draft = { leases: [sight], last: undefined, reason: undefined, next: undefined };
        if (open) Object.assign(open, { reason: isSameClient(open, sight) ? 'moved' : 'replaced', next: draft });
        drafts.push(draft);
        open = draft;
      }
    } else if (open && isSameClient(open, sight)) {
      open.last = sight;
      open = close(open, sight.kind);
    }
  }
  if (open && leaseUntil(open).to < overUntil(open, reading, isEarly)) close(open, 'expired');
  return drafts.map((draft, i) => finish(draft, eventCounts(draft, drafts[i + 1], reading, sights)));
}

/** Leases that had ended when the trail was read: by the trail's clock, or by the server's, which records the end. */
function overUntil({ leases }: Draft, { at, shown }: Reading, isEarly: boolean): number {
  const byServer = shown.get(leases.at(-1)!.server) ?? at;
  return Math.max(at, isEarly ? byServer : byServer - END_SHIPPED);
}

function close(draft: Draft, reason: string): undefined {
  draft.reason = reason;
}

function isSameClient({ leases }: Draft, sight: Sight): boolean {
  return leases[0]!.mac === sight.mac && (leases[0]!.clientId ?? '') === (sight.clientId ?? '');
}

function isSamePort({ leases }: Draft, { port }: Sight): boolean {
  const { remoteId, circuitId } = leases[0]!.port;
  return remoteId.equals(port.remoteId) && circuitId.equals(port.circuitId);
}

/** The lease given last counts; if two servers gave one at once, either may be the last. */
function leaseUntil({ leases }: Draft): Span {
  const newest = latest(leases.map(({ at }) => at));
  const candidates = leases
    .filter(({ at }) => at.to >= newest.from)
    .map(({ at, leaseTime }) => shift(at, leaseTime * MICROS));
  return { from: Math.min(...candidates.map(({ from }) => from)), to: Math.max(...candidates.map(({ to }) => to)) };
}

/** The first sight; if two servers recorded one at once, either may be the first. */
function openers({ leases }: Draft): Sight[] {
  const first = earliest(leases.map(({ at }) => at));
  return leases.filter(({ at }) => at.from <= first.to);
}

function finish(draft: Draft, events: readonly number[]): Stay {
  const { leases, last, reason } = draft;
  const first = leases[0]!;
  const seen = last && last.kind !== 'revoked' ? [...leases, last] : leases;
  return {
    ip: first.ip,
    mac: first.mac,
    clientId: first.clientId,
    hostname: seen.findLast(({ hostname }) => hostname !== undefined)?.hostname,
    port: first.port,
    servers: [...new Set(openers(draft).map(({ server }) => server))],
    firstSeen: earliest(leases.map(({ at }) => at)),
    lastSeen: latest(seen.map(({ at }) => at)),
    leaseUntil: leaseUntil(draft),
    endedAt: endOf(draft),
    endReason: reason,
    events,
  };
}

function endOf(draft: Draft): Span | undefined {
  if (draft.next) return earliest(draft.next.leases.map(({ at }) => at));
  if (draft.last) return draft.last.at;
  return draft.reason === undefined ? undefined : leaseUntil(draft);
}

/**
 * An expiry is an event of the server that gave the lease last, before that server's next grant. It may be absent: another server may be
 * faster, the trail may have been read before it, the client may have released the lease, or renewed it at the other server in time by that
 * server's clock but too late by this one's. If both servers gave the lease at once, either may count as the last.
 */
function eventCounts(
  draft: Draft,
  after: Draft | undefined,
  { at, setBack }: Reading,
  sights: readonly Sight[],
): number[] {
  const { leases, last, reason } = draft;
  const count = leases.length + (last ? 1 : 0);
  if (reason !== 'expired') return [count];
  const { server, at: granted, leaseTime, told } = leases.at(-1)!;
  const next = after?.leases[0];
  const isOvertaken = after !== undefined && openers(after).some((lease) => lease.server !== server);
  const noted = granted.to + leaseTime * MICROS + EXPIRY_NOTICE;
  const isFresh = next === undefined && noted > at;
  const isSettled = sights.some(
    (sight) =>
      (sight.kind === 'released' || sight.server !== server) &&
      isSameClient(draft, sight) &&
      (sight.server === server ? sight.told : sight.noted) > told &&
      sight.told < Math.min(noted, next?.told ?? Number.POSITIVE_INFINITY),
  );
  return isOvertaken || isFresh || isSettled || setBack.has(server) ? [count, count + 1] : [count + 1];
}

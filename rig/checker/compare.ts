import { groupBy } from './group.js';
import type { Row } from './rows.js';
import type { Sight } from './sights.js';
import { clockText, covers, mayFollow, spanText } from './span.js';
import { inOrder, type Reading, type Stay, staysOf } from './stays.js';

/** The differences between the trail and what it must say. */
export interface Differences {
  expected: number;
  found: number;
  /** Rows that are missing, surplus, or wrong; one line each. */
  missing: string[];
  surplus: string[];
  wrong: string[];
}

/**
 * Compares the rows of `port_history` with the sights, column by column. Sometimes the wire does not show whether a server recorded something
 * before it was stopped, or which of two servers recorded it first; then the trail is right if it fits either case.
 */
export function compareTrail(sights: readonly Sight[], rows: readonly Row[], reading: Reading): Differences {
  const total: Differences = { expected: 0, found: 0, missing: [], surplus: [], wrong: [] };
  const sightsOf = groupBy(sights, ({ ip }) => ip);
  const rowsOf = groupBy(rows, ({ ip }) => ip);
  for (const ip of new Set([...sightsOf.keys(), ...rowsOf.keys()])) {
    const best = bestOf(sightsOf.get(ip) ?? [], rowsOf.get(ip) ?? [], reading);
    total.expected += best.expected;
    total.found += best.found;
    for (const kind of ['missing', 'surplus', 'wrong'] as const) total[kind].push(...best[kind]);
  }
  return total;
}

/** The number of differences. */
export function countOf({ missing, surplus, wrong }: Differences): number {
  return missing.length + surplus.length + wrong.length;
}

/** Hill climbing: moves to the neighbouring account that fits the trail best, as long as it fits better than this one. */
function bestOf(sights: readonly Sight[], rows: readonly Row[], reading: Reading): Differences {
  const compare = ({ order, left, inTime, isEarly }: Account) => {
    const noted = order.filter((sight) => !left.has(sight));
    return compareStays(staysOf(noted, reading, inTime, isEarly), rows);
  };
  let account: Account = {
    order: inOrder(sights),
    left: new Set(sights.filter(({ isDoubtful }) => isDoubtful)),
    inTime: new Set(),
    isEarly: false,
  };
  let best = compare(account);
  for (let isBetter = true; isBetter && countOf(best) > 0; ) {
    isBetter = false;
    for (const other of [...otherAccounts(account)]) {
      const differences = compare(other);
      if (countOf(differences) >= countOf(best)) continue;
      [best, account, isBetter] = [differences, other, true];
    }
  }
  return best;
}

/**
 * One account of what may have happened: the order of the sights, the doubtful ones that are left out, and those that still came before the
 * end of a lease. If a server's clock is set meanwhile, that can be a matter of seconds.
 */
interface Account {
  readonly order: readonly Sight[];
  readonly left: ReadonlySet<Sight>;
  readonly inTime: ReadonlySet<Sight>;
  /** True if the trail already had the end of the last lease, by its server's clock. */
  readonly isEarly: boolean;
}

/**
 * The neighbouring accounts, which differ by one thing: the end of the last lease, a doubtful sight, one in time, or one that may have been
 * recorded later. That may be by another server, or by the same one, which reads direct and relayed requests in turn.
 */
function* otherAccounts(account: Account): Generator<Account> {
  const { order, left, inTime } = account;
  yield { ...account, isEarly: !account.isEarly };
  for (const sight of order.filter(({ isDoubtful }) => isDoubtful)) {
    const other = new Set(left);
    if (!other.delete(sight)) other.add(sight);
    yield { ...account, left: other };
  }
  for (const sight of order) if (!inTime.has(sight)) yield { ...account, inTime: new Set([...inTime, sight]) };
  for (const i of order.keys()) {
    for (const later of [oneLater, serverLater])
      for (const other of later(order, i)) yield { ...account, order: other };
  }
}

/** The orders in which one sight was recorded later. */
function* oneLater(order: readonly Sight[], i: number): Generator<Sight[]> {
  const sight = order[i]!;
  for (let j = i + 1; j < order.length; j++) {
    if (!mayComeFirst(order[j]!, sight)) break;
    yield [...order.slice(0, i), ...order.slice(i + 1, j + 1), sight, ...order.slice(j + 1)];
  }
}

/** The orders in which a server recorded this sight, and all its later ones, later: a batch has one time. */
function* serverLater(order: readonly Sight[], i: number): Generator<Sight[]> {
  const [own, others]: [Sight[], Sight[]] = [[order[i]!], []];
  for (let j = i + 1; j < order.length; j++) {
    const sight = order[j]!;
    if (sight.server === own[0]!.server) own.push(sight);
    else if (own.every((one) => mayFollow(one.at, sight.at))) others.push(sight);
    else break;
    if (own.length > 1 && others.length > 0) yield [...order.slice(0, i), ...others, ...own, ...order.slice(j + 1)];
  }
}

/** True if the second sight may have been recorded before the first. */
function mayComeFirst(second: Sight, first: Sight): boolean {
  if (second.server !== first.server) return mayFollow(first.at, second.at);
  return second.giaddr !== first.giaddr && second.told < first.noted;
}

function compareStays(stays: readonly Stay[], rows: readonly Row[]): Differences {
  const result: Differences = { expected: stays.length, found: rows.length, missing: [], surplus: [], wrong: [] };
  const left = new Set(rows);
  const begins = (stay: Stay) => (row: Row) => covers(stay.firstSeen, row.firstSeen);
  const isThatOf = (stay: Stay) => (row: Row) => begins(stay)(row) && faultsOf(stay, row).length === 0;
  // Two stays may begin within the same round trip, and their rows come in any order: first match those that fit completely
  const others = stays.filter((stay) => !match(stay, left, isThatOf(stay), result));
  // By two servers' clocks a client may be at two ports within the same millisecond
  const elsewhere = others.filter(
    (stay) => !match(stay, left, (row) => begins(stay)(row) && isThere(stay, row), result),
  );
  const unmatched = elsewhere.filter((stay) => !match(stay, left, begins(stay), result));
  for (const stay of unmatched) {
    const isSame = (row: Row) => row.firstSeen <= stay.lastSeen.to && row.lastSeen >= stay.firstSeen.from;
    if (!match(stay, left, isSame, result)) result.missing.push(stayText(stay));
  }
  for (const row of left) result.surplus.push(rowText(row));
  return result;
}

function isThere({ port }: Stay, { remoteId, circuitId }: Row): boolean {
  return remoteId === port.remoteId.toString('hex') && circuitId === port.circuitId.toString('hex');
}

/** Takes the first matching row of the stay's client and reports what is wrong in it. */
function match(stay: Stay, left: Set<Row>, fits: (row: Row) => boolean, result: Differences): boolean {
  const row = [...left].find((candidate) => candidate.mac === stay.mac && fits(candidate));
  if (!row) return false;
  left.delete(row);
  const faults = faultsOf(stay, row);
  if (faults.length > 0) result.wrong.push(`${rowText(row)}: ${faults.join('; ')}`);
  return true;
}

/** The columns with a wrong value. */
function faultsOf(stay: Stay, row: Row): string[] {
  const { port } = stay;
  const faults: string[] = [];
  const check = (column: string, found: unknown, isRight: boolean, expected: unknown) => {
    if (!isRight) faults.push(`${column} is ${found} and not ${expected}`);
  };
  const text = (column: string, found: unknown, expected: unknown) =>
    check(column, found, (found ?? undefined) === expected, expected);
  text('switch_name', row.switchName, port.switchName);
  text('port_name', row.portName, port.portName);
  text('remote_id', row.remoteId, port.remoteId.toString('hex'));
  text('circuit_id', row.circuitId, port.circuitId.toString('hex'));
  text('client_id', row.clientId, stay.clientId);
  text('hostname', row.hostname, stay.hostname);
  text('end_reason', row.endReason, stay.endReason);
  text('evidence', row.evidence, 'observed');
  check('server', row.server, stay.servers.includes(row.server), stay.servers.join(' or '));
  check('events', row.events, stay.events.includes(row.events), stay.events.join(' or '));
  for (const [column, at, span] of timesOf(stay, row)) {
    const isRight = at === null ? span === undefined : span !== undefined && covers(span, at);
    check(column, at === null ? 'open' : clockText(at), isRight, span ? spanText(span) : 'open');
  }
  return faults;
}

function timesOf(stay: Stay, row: Row) {
  return [
    ['first_seen', row.firstSeen, stay.firstSeen],
    ['last_seen', row.lastSeen, stay.lastSeen],
    ['lease_until', row.leaseUntil, stay.leaseUntil],
    ['ended_at', row.endedAt, stay.endedAt],
  ] as const;
}

function stayText({ ip, mac, port, firstSeen, lastSeen }: Stay): string {
  return `${ip} ${mac} ${port.switchName} ${port.portName} ${spanText(firstSeen)} - ${spanText(lastSeen)}`;
}

function rowText({ ip, mac, switchName, portName, firstSeen, lastSeen }: Row): string {
  return `${ip} ${mac} ${switchName} ${portName} ${clockText(firstSeen)} - ${clockText(lastSeen)}`;
}

import { compareTrail, countOf, type Differences } from './compare.js';
import { compareGaps } from './gaps.js';
import type { Fault, Passage } from './journal.js';
import { lifeless, type Services, signsOfDeath } from './life.js';
import type { Packet } from './packets.js';
import { withRevocations } from './revocations.js';
import type { GapRow, Row } from './rows.js';
import { ServerTime } from './server-time.js';
import { readSights } from './sights.js';
import type { Reading } from './stays.js';

/** The record of a run: what the wire and the permuter saw, the faults caused on purpose, and the trail. */
export interface Run {
  readonly packets: readonly Packet[];
  readonly passages: readonly Passage[];
  readonly faults: readonly Fault[];
  readonly rows: readonly Row[];
  readonly gaps: readonly GapRow[];
  /** When the trail was read, microseconds since 1970. */
  readonly readAt: number;
  /** State of each service at the end; absent in older records. */
  readonly services?: Services;
}

export interface Verdict {
  readonly stays: Differences;
  readonly gaps: Differences;
  readonly contradictions: readonly string[];
  /** The services whose logs may say why they ended, or got no lease. */
  readonly lifeless: readonly string[];
  readonly isExact: boolean;
}

/** Derives from the wire and the permuter's log where each client was, and compares it with the trail. */
export function check(run: Run): Verdict {
  const { sights, contradictions: onWire } = readSights(run.packets, run.passages, run.faults);
  const life = [run.packets, clientsOf(run), run.services ?? {}] as const;
  const contradictions = [...signsOfDeath(...life), ...onWire];
  const stays = compareTrail(withRevocations(sights), run.rows, readingOf(run));
  const gaps = compareGaps(run.faults, sights, run.gaps);
  const isExact = countOf(stays) + countOf(gaps) + contradictions.length === 0;
  return { stays, gaps, contradictions, lifeless: lifeless(...life), isExact };
}

/** The numbers of all clients: from the list of services, else from the permuter's log. */
function clientsOf({ services, passages }: Run): number[] {
  if (!services) return [...new Set(passages.map(({ client }) => client))];
  return Object.keys(services).flatMap((name) => (name.startsWith('client-') ? [Number(name.slice(7))] : []));
}

/** What the comparison needs besides the sights. */
export function readingOf({ faults, readAt }: Run): Reading {
  const back = faults.filter((fault) => fault.kind === 'clock-stepped').filter(({ seconds }) => seconds < 0);
  const servers = new Set(faults.flatMap((fault) => ('server' in fault ? [fault.server] : [])));
  const shownBy = (server: string) => new ServerTime(server, faults).shown({ from: readAt, to: readAt }).to;
  return {
    at: readAt,
    shown: new Map([...servers].map((server) => [server, shownBy(server)])),
    setBack: new Set(back.map(({ server }) => server)),
  };
}

/** The verdict as a table, and one line per difference. */
export function verdictText({ stays, gaps, contradictions }: Verdict): string {
  const cells = (name: string, { expected, found, missing, surplus, wrong }: Differences) =>
    [name, expected, found, missing.length, surplus.length, wrong.length].map(String);
  const table = [
    ['', 'expected', 'found', 'missing', 'surplus', 'wrong'],
    cells('port_history', stays),
    cells('gaps', gaps),
  ].map(([name, ...numbers]) => name!.padEnd(14) + numbers.map((number) => number.padStart(10)).join(''));
  const details = (['missing', 'surplus', 'wrong'] as const).flatMap((kind) =>
    [...stays[kind], ...gaps[kind]].map((line) => `${kind}: ${line}`),
  );
  return [...table, ...details, ...contradictions.map((line) => `contradiction: ${line}`)].join('\n');
}

import { toHex } from '../../base/text.js';
import type { Micros } from '../../base/time.js';
import { NAMELESS } from '../../trail/store/history/find-ports.js';
import type { Answer, GapRow, HistoryRow } from '../ask/answer.js';
import type { ClientRow } from '../ask/summary.js';
import { formatInZone } from '../ask/zone.js';
import type { TableColumn } from './table.js';

/** What every row of a report has in common, and needs no column. */
export type Fixed = 'port' | 'ip' | 'mac' | 'switch';

/** The columns, for people, of the rows of an answer. */
export function columnsOf({ kind, request: { question, zone } }: Answer): readonly TableColumn<never>[] {
  if (question.kind === 'gaps') return gapColumns(zone);
  return kind === 'clients' ? clientColumns(question.kind, zone) : historyColumns(question.kind, zone);
}

/** The columns of a report on sightings. Times are in the zone; the title of the first one names it. */
export function historyColumns(fixed: Fixed, zone: string): TableColumn<HistoryRow>[] {
  const time = (at: Micros): string => formatInZone(at, zone);
  /** The time of day alone where the date is that of FIRST SEEN in the same line. */
  const onDayOf = (row: HistoryRow) => (at: Micros) => {
    const [date] = time(row.firstSeen).split(' ');
    return time(at).startsWith(`${date} `) ? time(at).slice(date!.length + 1) : time(at);
  };
  const columns: (TableColumn<HistoryRow> & { of?: readonly Fixed[] })[] = [
    { title: 'SWITCH', cell: (row) => row.switchName ?? NAMELESS, of: ['ip', 'mac'] },
    { title: 'PORT', cell: (row) => row.portName ?? NAMELESS, of: ['ip', 'mac', 'switch'] },
    {
      title: 'CIRCUIT ID',
      cell: (row) => row.circuitId && toHex(row.circuitId),
      of: ['port'],
      matters: circuitIdsDiffer,
      leaves: 6,
    },
    { title: 'IP', cell: (row) => row.ip, of: ['mac', 'port', 'switch'] },
    { title: 'MAC', cell: (row) => row.mac || null, of: ['ip', 'port', 'switch'] },
    { title: 'CLIENT ID', cell: (row) => row.clientId && toHex(row.clientId), matters: clientIdsDiffer, leaves: 3 },
    {
      title: 'HOSTNAME',
      cell: (row) => row.hostname,
      matters: (rows) => rows.some((row) => row.hostname),
      shrinks: 20,
      leaves: 4,
    },
    { title: `FIRST SEEN (${zone})`, cell: (row) => time(row.firstSeen) },
    { title: 'LAST SEEN', cell: (row) => time(row.lastSeen), short: (row) => onDayOf(row)(row.lastSeen), leaves: 5 },
    { title: 'ENDED', cell: (row) => ending(row, time), short: (row) => ending(row, onDayOf(row)) },
    {
      title: 'EVIDENCE',
      cell: (row) => row.evidence,
      matters: (rows) => rows.some((row) => row.evidence !== 'observed'),
    },
    {
      title: 'SERVER',
      cell: (row) => row.server,
      matters: (rows) => rows.some((row) => row.server !== rows[0]!.server),
      leaves: 1,
    },
  ];
  return columns.filter((column) => column.of?.includes(fixed) ?? true);
}

/** The columns of a report with one row per client of a port. */
export function clientColumns(fixed: Fixed, zone: string): TableColumn<ClientRow>[] {
  const port: TableColumn<ClientRow> = { title: 'PORT', cell: (row) => row.portName ?? NAMELESS };
  return [
    ...(fixed === 'switch' ? [port] : []),
    { title: 'MAC', cell: (row) => row.mac || null },
    { title: `FIRST SEEN (${zone})`, cell: (row) => formatInZone(row.firstSeen, zone) },
    { title: 'LAST SEEN', cell: (row) => formatInZone(row.lastSeen, zone) },
    { title: 'ADDRESSES', cell: (row) => String(row.addresses), leaves: 2 },
    { title: 'SIGHTINGS', cell: (row) => String(row.sightings), leaves: 1 },
  ];
}

/** The columns of the report on gaps. */
export function gapColumns(zone: string): TableColumn<GapRow>[] {
  const time = (at: Micros | null): string => (at === null ? 'not known' : formatInZone(at, zone));
  return [
    { title: 'SERVER', cell: (row) => row.server },
    { title: `NO EVIDENCE FROM (${zone})`, cell: (row) => time(row.gapFrom) },
    { title: 'UNTIL', cell: (row) => time(row.gapUntil) },
    { title: 'WHY', cell: (row) => row.kind },
    {
      title: 'DETAIL',
      cell: (row) => row.detail,
      matters: (rows) => rows.some((row) => row.detail),
      leaves: 1,
    },
  ];
}

function ending(row: HistoryRow, time: (at: Micros) => string): string {
  if (row.endedAt === null) return `open until ${time(row.leaseUntil)}`;
  return `${time(row.endedAt)} ${row.endReason ?? ''}`.trimEnd();
}

/** A switch profile may give one name to several circuit-ids: those of one port in several VLANs. */
function circuitIdsDiffer(rows: readonly HistoryRow[]): boolean {
  return new Set(rows.map((row) => row.circuitId?.toString('hex'))).size > 1;
}

/** The client-id tells clients apart only where the hardware address does not. */
function clientIdsDiffer(rows: readonly HistoryRow[]): boolean {
  const seen = new Map<string, string>();
  return rows.some(({ mac, clientId }) => {
    const id = clientId?.toString('hex') ?? '';
    if (!mac) return id !== '';
    const known = seen.get(mac) ?? id;
    seen.set(mac, known);
    return known !== id;
  });
}

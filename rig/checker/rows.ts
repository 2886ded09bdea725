/** A row of the view `port_history` as it is in the database. Times are microseconds since 1970. */
export interface Row {
  readonly switchName: string | null;
  readonly portName: string | null;
  /** Hex digits. */
  readonly remoteId: string | null;
  readonly circuitId: string | null;
  readonly ip: string;
  readonly mac: string;
  readonly clientId: string | null;
  readonly hostname: string | null;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly leaseUntil: number;
  readonly endedAt: number | null;
  readonly endReason: string | null;
  readonly evidence: string;
  readonly server: string;
  readonly events: number;
}

/** A row of the table `gaps`. */
export interface GapRow {
  readonly server: string;
  readonly kind: string;
  readonly from: number;
  readonly until: number;
}

const SEPARATOR = '\t';
const NULL = 'NULL';

/** Asks for all rows in the form that {@link parseRows} reads. */
export const ROWS_SQL = `SELECT switch_name, port_name, HEX(remote_id), HEX(circuit_id), ip, mac, client_id, hostname,
  first_seen, last_seen, lease_until, ended_at, end_reason, evidence, server, events FROM port_history`;

/** Asks for all gaps in the form that {@link parseGaps} reads. */
export const GAPS_SQL = 'SELECT server, kind, gap_from, gap_until FROM gaps';

/** Reads what the program mariadb printed in batch form without names. */
export function parseRows(output: string): Row[] {
  return tableOf(output, 16).map((cells) => {
    const text = (index: number) => (cells[index] === NULL ? null : cells[index]!);
    const time = (index: number) => (cells[index] === NULL ? null : timeOf(cells[index]!));
    return {
      switchName: text(0),
      portName: text(1),
      remoteId: text(2)?.toLowerCase() ?? null,
      circuitId: text(3)?.toLowerCase() ?? null,
      ip: cells[4]!,
      mac: cells[5]!,
      clientId: text(6)?.slice(2) ?? null,
      hostname: text(7),
      firstSeen: time(8)!,
      lastSeen: time(9)!,
      leaseUntil: time(10)!,
      endedAt: time(11),
      endReason: text(12),
      evidence: cells[13]!,
      server: cells[14]!,
      events: Number(cells[15]),
    };
  });
}

export function parseGaps(output: string): GapRow[] {
  return tableOf(output, 4).map(([server, kind, from, until]) => ({
    server: server!,
    kind: kind!,
    from: timeOf(from!),
    until: timeOf(until!),
  }));
}

function tableOf(output: string, columns: number): string[][] {
  const rows = output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(SEPARATOR));
  const wrong = rows.find((cells) => cells.length !== columns);
  if (wrong) throw new Error(`the database printed ${wrong.length} columns and not ${columns}: ${wrong.join(' ')}`);
  return rows;
}

/** `2026-11-20 14:03:07.000123`, UTC, as microseconds since 1970. */
function timeOf(text: string): number {
  const millis = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 23)}Z`);
  return millis * 1000 + Number(text.slice(23));
}

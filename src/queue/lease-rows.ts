import type { SqliteDatabase } from '../base/sqlite.js';
import { LEASE_STATES, type Lease, type LeaseState } from '../lease/lease.js';

export const UPSERT_LEASE = `
  INSERT OR REPLACE INTO leases
    (address, state, client, htype, hwaddr, client_id, hostname, start, renewed, end, port_giaddr, port_option82)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The values of {@link UPSERT_LEASE} in their order. */
export function leaseValues(lease: Lease): unknown[] {
  return [
    lease.address,
    lease.state,
    Buffer.from(lease.client, 'latin1'),
    lease.htype,
    Buffer.from(lease.hwaddr, 'latin1'),
    bytesOrNull(lease.clientId),
    bytesOrNull(lease.hostname),
    lease.start,
    lease.renewed,
    lease.end,
    lease.port?.giaddr ?? null,
    bytesOrNull(lease.port?.option82 ?? null),
  ];
}

/** Leases that are read at a time. */
const PAGE = 1000;
/** How a column that is NULL stands in {@link READ_PAGE}. */
const NULL = '-';

const hexOrNull = (column: string): string => `iif(${column} IS NULL, '${NULL}', hex(${column}))`;

/**
 * A page of leases as one text: of a row with five blobs, the making of its objects takes ten times as long as the reading.
 * The last two columns are the port.
 */
const READ_PAGE = `
  SELECT group_concat(concat_ws(',', address, state, hex(client), htype, hex(hwaddr), ${hexOrNull('client_id')},
    ${hexOrNull('hostname')}, start, renewed, end, ifnull(port_giaddr, 0), ${hexOrNull('port_option82')}), ';' ORDER BY address)
  FROM (SELECT * FROM leases WHERE address > ? ORDER BY address LIMIT ${PAGE})`;

/** All leases, ordered by address; none of them is missed or comes twice while others change. */
export function* readLeases(db: SqliteDatabase): Generator<Lease> {
  const read = db.prepare(READ_PAGE).pluck();
  for (let after = -1; ; ) {
    const page = read.get(after) as string | null;
    if (page === null) return;
    for (const text of page.split(';')) {
      const lease = leaseOfText(text.split(','));
      yield lease;
      after = lease.address;
    }
  }
}

function leaseOfText(columns: readonly string[]): Lease {
  const option82 = textOrNull(columns[11]!);
  const end = Number(columns[9]);
  return {
    address: Number(columns[0]),
    state: STATES.get(columns[1]!) as LeaseState,
    client: textOrNull(columns[2]!)!,
    htype: Number(columns[3]),
    hwaddr: textOrNull(columns[4]!)!,
    clientId: textOrNull(columns[5]!),
    hostname: textOrNull(columns[6]!),
    start: Number(columns[7]),
    renewed: Number(columns[8]),
    end,
    due: end,
    port: option82 === null ? null : { giaddr: Number(columns[10]), option82 },
  };
}

/** One text for each state, however many leases have it. */
const STATES: ReadonlyMap<string, LeaseState> = new Map(LEASE_STATES.map((state) => [state, state]));

/** Bytes in hex as latin1. */
function textOrNull(hex: string): string | null {
  return hex === NULL ? null : Buffer.from(hex, 'hex').toString('latin1');
}

function bytesOrNull(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'latin1');
}

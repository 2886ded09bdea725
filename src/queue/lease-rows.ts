import type { Lease, LeaseState } from '../lease/lease.js';

/** A row of the table `leases`. */
export interface LeaseRow {
  address: number;
  state: string;
  client: Buffer;
  htype: number;
  hwaddr: Buffer;
  client_id: Buffer | null;
  hostname: Buffer | null;
  start: number;
  renewed: number;
  end: number;
  port_giaddr: number | null;
  port_option82: Buffer | null;
}

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

export function leaseOfRow(row: LeaseRow): Lease {
  return {
    address: row.address,
    state: row.state as LeaseState,
    client: row.client.toString('latin1'),
    htype: row.htype,
    hwaddr: row.hwaddr.toString('latin1'),
    clientId: row.client_id?.toString('latin1') ?? null,
    hostname: row.hostname?.toString('latin1') ?? null,
    start: row.start,
    renewed: row.renewed,
    end: row.end,
    due: row.end,
    port: row.port_option82 && { giaddr: row.port_giaddr ?? 0, option82: row.port_option82.toString('latin1') },
  };
}

function bytesOrNull(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'latin1');
}

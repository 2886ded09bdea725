import { formatHardwareAddress, parseHardwareAddress } from '../../base/hardware-address.js';
import { escapeBytes, unescapeBytes } from '../../base/text.js';
import { fromSqlTime, toSqlTime } from '../../base/time.js';
import { uuidBytes, uuidText } from '../../ledger/event/encoding.js';
import type { Evidence } from '../../ledger/event/event.js';
import type { EndReason, Sighting } from '../sightings/rules.js';
import type { Value } from './event-rows.js';

/** The columns of table `sightings`, in the order of {@link sightingToRow}; the first two are its key. */
export const SIGHTING_COLUMNS = [
  'opened_queue',
  'opened_sequence',
  'ip',
  'htype',
  'mac',
  'client_id',
  'hostname',
  'switch_id',
  'port_id',
  'first_seen',
  'last_seen',
  'lease_until',
  'ended_at',
  'end_reason',
  'evidence',
  'server',
  'events',
] as const;

export type SightingRow = Readonly<Record<(typeof SIGHTING_COLUMNS)[number], Value>>;

/** The values of a sighting's row, in the order of {@link SIGHTING_COLUMNS}. */
export function sightingToRow(sighting: Sighting): Value[] {
  return [
    uuidBytes(sighting.openedQueue),
    sighting.openedSequence,
    sighting.ip,
    sighting.htype,
    sighting.hwaddr && formatHardwareAddress(sighting.hwaddr),
    sighting.clientId && Buffer.from(sighting.clientId),
    sighting.hostname && escapeBytes(sighting.hostname),
    sighting.switchId,
    sighting.portId,
    toSqlTime(sighting.firstSeen),
    toSqlTime(sighting.lastSeen),
    toSqlTime(sighting.leaseUntil),
    sighting.endedAt === null ? null : toSqlTime(sighting.endedAt),
    sighting.endReason,
    sighting.evidence,
    sighting.server,
    sighting.events,
  ];
}

/** The sighting of a row of table `sightings`. */
export function rowToSighting(row: SightingRow): Sighting {
  return {
    openedQueue: uuidText(row.opened_queue as Buffer),
    openedSequence: row.opened_sequence as number,
    ip: row.ip as string,
    htype: row.htype as number | null,
    hwaddr: row.mac === null ? null : parseHardwareAddress(row.mac as string),
    clientId: row.client_id as Buffer | null,
    hostname: row.hostname === null ? null : unescapeBytes(row.hostname as string),
    switchId: row.switch_id as Buffer | null,
    portId: row.port_id as Buffer | null,
    firstSeen: fromSqlTime(row.first_seen as string),
    lastSeen: fromSqlTime(row.last_seen as string),
    leaseUntil: fromSqlTime(row.lease_until as string),
    endedAt: row.ended_at === null ? null : fromSqlTime(row.ended_at as string),
    endReason: row.end_reason as EndReason | null,
    evidence: row.evidence as Evidence,
    server: row.server as string,
    events: row.events as number,
  };
}

import type { Knex } from 'knex';
import { type ColumnTypes, columnTypes, createTable, createView, isMysql, type TableDefinition } from './schema.js';

/** Escaped text (`\xHH` for each byte at worst) of an option of up to 255 bytes. */
const ESCAPED_OPTION = 4 * 255;

/** One row: the version of the schema, and the naming that made the names of switches and ports. Writers of the trail lock it. */
function trailState(t: ColumnTypes): TableDefinition {
  return {
    name: 'trail_state',
    columns: {
      id: `${t.uint8} NOT NULL`,
      schema_version: `${t.uint32} NOT NULL`,
      naming: `${t.ascii(64)} NOT NULL`,
    },
    primaryKey: ['id'],
  };
}

/** How far each queue has been shipped; hash is that of its last event here. */
function queues(t: ColumnTypes): TableDefinition {
  return {
    name: 'queues',
    columns: {
      queue_uuid: `${t.fixed(16)} NOT NULL`,
      server: `${t.text(255)} NOT NULL`,
      sequence: `${t.uint64} NOT NULL`,
      hash: `${t.fixed(32)} NOT NULL`,
      last_at: `${t.time} NOT NULL`,
    },
    primaryKey: ['queue_uuid'],
  };
}

/** switch_id is made from (kind, value) alone, so it needs no look-up and no race decides it. */
function switches(t: ColumnTypes): TableDefinition {
  return {
    name: 'switches',
    columns: {
      switch_id: `${t.fixed(16)} NOT NULL`,
      kind: `${t.ascii(16)} NOT NULL`,
      value: `${t.bytes(255)} NOT NULL`,
      name: `${t.text(512)} NULL`,
    },
    primaryKey: ['switch_id'],
    indexes: { switches_name: ['name'] },
  };
}

function ports(t: ColumnTypes): TableDefinition {
  return {
    name: 'ports',
    columns: {
      port_id: `${t.fixed(16)} NOT NULL`,
      switch_id: `${t.fixed(16)} NOT NULL`,
      circuit_id: `${t.bytes(255)} NULL`,
      name: `${t.text(512)} NULL`,
    },
    primaryKey: ['port_id'],
    indexes: { ports_switch_name: ['switch_id', 'name'] },
  };
}

/** Every field of an event: its hash can be computed again from these columns. */
function events(t: ColumnTypes): TableDefinition {
  return {
    name: 'events',
    columns: {
      queue_uuid: `${t.fixed(16)} NOT NULL`,
      sequence: `${t.uint64} NOT NULL`,
      at: `${t.time} NOT NULL`,
      kind: `${t.ascii(16)} NOT NULL`,
      server: `${t.text(255)} NOT NULL`,
      ip: `${t.ascii(45)} NULL`,
      htype: `${t.uint8} NULL`,
      mac: `${t.asciiAnyCase(47)} NULL`,
      client_id: `${t.bytes(255)} NULL`,
      hostname: `${t.ascii(ESCAPED_OPTION)} NULL`,
      vendor_class: `${t.ascii(ESCAPED_OPTION)} NULL`,
      parameter_request_list: `${t.bytes(255)} NULL`,
      xid: `${t.uint32} NULL`,
      client_state: `${t.ascii(16)} NULL`,
      giaddr: `${t.ascii(45)} NULL`,
      option82: `${t.blob} NULL`,
      circuit_id: `${t.bytes(255)} NULL`,
      remote_id: `${t.bytes(255)} NULL`,
      subscriber_id: `${t.bytes(255)} NULL`,
      relay_id: `${t.bytes(255)} NULL`,
      link_selection: `${t.ascii(45)} NULL`,
      evidence: `${t.ascii(16)} NOT NULL`,
      lease_start: `${t.time} NULL`,
      lease_end: `${t.time} NULL`,
      detail: `${t.text(255)} NULL`,
      hash: `${t.fixed(32)} NOT NULL`,
    },
    primaryKey: ['queue_uuid', 'sequence'],
    indexes: { events_ip_at: ['ip', 'at'] },
  };
}

/** The columns of a sighting, also for table baseline_sightings. */
export function sightingColumns(t: ColumnTypes): Record<string, string> {
  return {
    opened_queue: `${t.fixed(16)} NOT NULL`,
    opened_sequence: `${t.uint64} NOT NULL`,
    ip: `${t.ascii(45)} NOT NULL`,
    htype: `${t.uint8} NULL`,
    mac: `${t.asciiAnyCase(47)} NULL`,
    client_id: `${t.bytes(255)} NULL`,
    hostname: `${t.ascii(ESCAPED_OPTION)} NULL`,
    switch_id: `${t.fixed(16)} NULL`,
    port_id: `${t.fixed(16)} NULL`,
    first_seen: `${t.time} NOT NULL`,
    last_seen: `${t.time} NOT NULL`,
    lease_until: `${t.time} NOT NULL`,
    ended_at: `${t.time} NULL`,
    end_reason: `${t.ascii(16)} NULL`,
    evidence: `${t.ascii(16)} NOT NULL`,
    server: `${t.text(255)} NOT NULL`,
    events: `${t.uint32} NOT NULL`,
  };
}

/** Named by the event that opened it; nothing here depends on when or by whom it was written. */
function sightings(t: ColumnTypes): TableDefinition {
  return {
    name: 'sightings',
    columns: sightingColumns(t),
    primaryKey: ['opened_queue', 'opened_sequence'],
    indexes: {
      sightings_ip_first_seen: ['ip', 'first_seen'],
      sightings_ip_ended_at: ['ip', 'ended_at'],
      sightings_mac_first_seen: ['mac', 'first_seen'],
      sightings_port_first_seen: ['port_id', 'first_seen'],
      sightings_switch_first_seen: ['switch_id', 'first_seen'],
    },
  };
}

/** Spans without evidence: reported by the event (queue_uuid, sequence), or noticed where a queue does not continue. */
function gaps(t: ColumnTypes): TableDefinition {
  return {
    name: 'gaps',
    columns: {
      queue_uuid: `${t.fixed(16)} NOT NULL`,
      sequence: `${t.uint64} NOT NULL`,
      kind: `${t.ascii(16)} NOT NULL`,
      server: `${t.text(255)} NOT NULL`,
      gap_from: `${t.time} NULL`,
      gap_until: `${t.time} NULL`,
      detail: `${t.text(255)} NULL`,
    },
    primaryKey: ['queue_uuid', 'sequence', 'kind'],
    indexes: { gaps_from: ['gap_from'] },
  };
}

const TABLES = [trailState, queues, switches, ports, events, sightings, gaps];

/** The auditors' contract: its columns are added to, never renamed or removed. */
function portHistory(mysql: boolean): string {
  const now = mysql ? 'UTC_TIMESTAMP(6)' : "strftime('%Y-%m-%d %H:%M:%f000', 'now')";
  // HEX(NULL) is NULL in MySQL and empty in SQLite
  const hex = mysql ? "CONCAT('0x', LOWER(HEX(s.client_id)))" : "'0x' || LOWER(HEX(s.client_id))";
  const clientId = `CASE WHEN s.client_id IS NOT NULL THEN ${hex} END`;
  const over = `s.ended_at IS NULL AND s.lease_until <= ${now}`;
  return `SELECT w.name AS switch_name, p.name AS port_name,
      CASE WHEN w.kind = 'remote-id' THEN w.value END AS remote_id, p.circuit_id AS circuit_id,
      s.ip AS ip, s.mac AS mac, ${clientId} AS client_id, s.hostname AS hostname,
      s.first_seen AS first_seen, s.last_seen AS last_seen, s.lease_until AS lease_until,
      CASE WHEN ${over} THEN s.lease_until ELSE s.ended_at END AS ended_at,
      CASE WHEN ${over} THEN 'expired' ELSE s.end_reason END AS end_reason,
      s.evidence AS evidence, s.server AS server, s.events AS events
    FROM sightings s
    LEFT JOIN ports p ON p.port_id = s.port_id
    LEFT JOIN switches w ON w.switch_id = s.switch_id`;
}

/** Grouped by every shown column and the port's id, so that a condition on any of them reaches the indexes below. */
const PORT_CLIENTS = `SELECT w.name AS switch_name, p.name AS port_name,
      CASE WHEN w.kind = 'remote-id' THEN w.value END AS remote_id, p.circuit_id AS circuit_id, s.mac AS mac,
      MIN(s.first_seen) AS first_seen, MAX(s.last_seen) AS last_seen,
      COUNT(DISTINCT s.ip) AS addresses, COUNT(*) AS sightings
    FROM sightings s
    JOIN ports p ON p.port_id = s.port_id
    JOIN switches w ON w.switch_id = p.switch_id
    GROUP BY p.port_id, w.name, p.name, w.kind, w.value, p.circuit_id, s.mac`;

/** Tables and views of the first version. */
export async function up(db: Knex): Promise<void> {
  const types = columnTypes(db);
  for (const table of TABLES) await createTable(db, table(types));
  await createView(db, 'port_history', portHistory(isMysql(db)));
  await createView(db, 'port_clients', PORT_CLIENTS);
  await db('trail_state').insert({ id: 1, schema_version: 1, naming: '' }).onConflict('id').merge(['schema_version']);
}

/** Removes the tables and views. */
export async function down(db: Knex): Promise<void> {
  await db.raw('DROP VIEW IF EXISTS port_clients');
  await db.raw('DROP VIEW IF EXISTS port_history');
  for (const table of TABLES.toReversed()) await db.raw(`DROP TABLE IF EXISTS ${table(columnTypes(db)).name}`);
}

import type { SqliteDatabase } from '../../base/sqlite.js';
import type { BindingStatus, ServerState } from '../../protocol/failover/codes.js';
import type { RelationshipRecord } from '../failover/api.js';
import type { Binding } from '../failover/binding.js';

/** What failover pairs must remember beside leases and events. */
export interface PairState {
  readonly bindings: readonly Binding[];
  readonly records: readonly RelationshipRecord[];
}

interface BindingRow {
  address: number;
  status: string;
  htype: number | null;
  hwaddr: Buffer | null;
  client_id: Buffer | null;
  hostname: Buffer | null;
  port_giaddr: number | null;
  port_option82: Buffer | null;
  starts: number;
  ends: number;
  cltt: number;
  promised: number;
  acknowledged: number;
  agreed: number;
  pending: number;
  own: number;
  rewind: string | null;
  flags: number;
}

interface RelationshipRow {
  name: string;
  role: string | null;
  state: string;
  since: number;
  partner_state: string | null;
  partner_since: number;
  mclt: number;
  former_mclt: number;
  former_until: number;
  hba: string;
  lost_at: number;
  partner_lost_at: number;
  clock_ahead: number;
}

const UPSERT_BINDING = `
  INSERT OR REPLACE INTO bindings
    (address, status, htype, hwaddr, client_id, hostname, port_giaddr, port_option82,
     starts, ends, cltt, promised, acknowledged, agreed, pending, own, rewind, flags)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const UPSERT_RELATIONSHIP = `
  INSERT OR REPLACE INTO relationships
    (name, role, state, since, partner_state, partner_since, mclt, former_mclt, former_until, hba,
     lost_at, partner_lost_at, clock_ahead)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Returns a function that stores the state of pairs; call it within a transaction. */
export function pairStateWriter(db: SqliteDatabase): (state: PairState) => void {
  const upsertBinding = db.prepare(UPSERT_BINDING);
  const upsertRelationship = db.prepare(UPSERT_RELATIONSHIP);
  return ({ bindings, records }) => {
    for (const binding of bindings) upsertBinding.run(bindingValues(binding));
    for (const record of records) upsertRelationship.run(relationshipValues(record));
  };
}

/** Reads all bindings, one at a time, ordered by address. */
export function* readBindings(db: SqliteDatabase): Generator<Binding> {
  for (const row of db.prepare('SELECT * FROM bindings ORDER BY address').iterate())
    yield bindingOfRow(row as BindingRow);
}

/** The records of all relationships in the file, ordered by name. */
export function readRelationships(db: SqliteDatabase): RelationshipRecord[] {
  return (db.prepare('SELECT * FROM relationships ORDER BY name').all() as RelationshipRow[]).map(recordOfRow);
}

/** Stands in `agreed` after the server ran without sharing the address: its binding may be out of date. */
export const STALE = -1;

/**
 * Whether an address is shared now. `true`: by the relationship that its binding is from. `'anew'`: by one that has no record. `'stale'`:
 * not now, but it may be again. `false`: no longer.
 */
export type Sharing = boolean | 'stale' | 'anew';

/** Makes the partner learn the binding, as `unacknowledged` in pair/members.ts does in memory. */
const UNACKNOWLEDGE = `
  UPDATE bindings SET agreed = 0,
    acknowledged = CASE status WHEN 'ACTIVE' THEN 0 ELSE acknowledged END,
    pending = CASE status WHEN 'ACTIVE' THEN 1 ELSE pending END
  WHERE address = ?`;

/**
 * Deletes relationships and bindings that are no longer configured. Bindings whose address may be shared again are only marked as
 * {@link STALE}. Marked bindings that are shared again, and those of a new relationship, become unacknowledged. Returns the number of
 * bindings deleted.
 */
export function forgetShared(
  db: SqliteDatabase,
  isConfigured: (name: string) => boolean,
  sharingOf: (address: number) => Sharing,
): number {
  const rows = db.prepare('SELECT address, agreed FROM bindings').all() as { address: number; agreed: number }[];
  const remove = db.prepare('DELETE FROM bindings WHERE address = ?');
  const mark = db.prepare('UPDATE bindings SET agreed = ? WHERE address = ?');
  const unacknowledge = db.prepare(UNACKNOWLEDGE);
  let forgotten = 0;
  db.transaction(() => {
    forgetRelationships(db, isConfigured);
    for (const { address, agreed } of rows) {
      const sharing = sharingOf(address);
      if (sharing === 'stale') mark.run(STALE, address);
      else if (!sharing) forgotten += remove.run(address).changes;
      else if (agreed === STALE || sharing === 'anew') unacknowledge.run(address);
    }
  })();
  return forgotten;
}

/** Deletes the records of relationships except those for which `isKept`; without a record a server asks its partner for all bindings. Returns the deleted names. */
export function forgetRelationships(db: SqliteDatabase, isKept: (name: string) => boolean): string[] {
  const names = readRelationships(db).flatMap(({ name }) => (isKept(name) ? [] : name));
  const remove = db.prepare('DELETE FROM relationships WHERE name = ?');
  for (const name of names) remove.run(name);
  return names;
}

function bindingValues({ holder, port, ...binding }: Binding): unknown[] {
  return [
    binding.address,
    binding.status,
    holder?.htype ?? null,
    bytesOrNull(holder?.hwaddr ?? null),
    bytesOrNull(holder?.clientId ?? null),
    bytesOrNull(binding.hostname),
    port?.giaddr ?? null,
    bytesOrNull(port?.option82 ?? null),
    binding.starts,
    binding.ends,
    binding.cltt,
    binding.promised,
    binding.acknowledged,
    binding.agreed,
    binding.pending ? 1 : 0,
    binding.own ? 1 : 0,
    binding.rewind,
    binding.flags,
  ];
}

function bindingOfRow(row: BindingRow): Binding {
  return {
    address: row.address,
    status: row.status as BindingStatus,
    holder:
      row.htype === null
        ? null
        : { htype: row.htype, hwaddr: textOrNull(row.hwaddr) ?? '', clientId: textOrNull(row.client_id) },
    hostname: textOrNull(row.hostname),
    port: row.port_option82 && { giaddr: row.port_giaddr ?? 0, option82: row.port_option82.toString('latin1') },
    starts: row.starts,
    ends: row.ends,
    cltt: row.cltt,
    promised: row.promised,
    acknowledged: row.acknowledged,
    agreed: row.agreed,
    pending: row.pending === 1,
    own: row.own === 1,
    rewind: row.rewind as Binding['rewind'],
    flags: row.flags,
  };
}

function relationshipValues(record: RelationshipRecord): unknown[] {
  const { name, role, state, since, partnerState, partnerSince, mclt, formerMclt, formerUntil, hba } = record;
  const { lostAt, partnerLostAt, clockAhead } = record;
  const states = [name, role, state, since, partnerState, partnerSince];
  return [...states, mclt, formerMclt, formerUntil, hba, lostAt, partnerLostAt, clockAhead];
}

function recordOfRow(row: RelationshipRow): RelationshipRecord {
  return {
    name: row.name,
    role: row.role as RelationshipRecord['role'],
    state: row.state as ServerState,
    since: row.since,
    partnerState: row.partner_state as ServerState | null,
    partnerSince: row.partner_since,
    mclt: row.mclt,
    formerMclt: row.former_mclt,
    formerUntil: row.former_until,
    hba: row.hba,
    lostAt: row.lost_at,
    partnerLostAt: row.partner_lost_at,
    clockAhead: row.clock_ahead,
  };
}

function bytesOrNull(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'latin1');
}

function textOrNull(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('latin1');
}

import type { Knex } from 'knex';
import { isLeaseEvent, type LedgerEvent } from '../../ledger/event/event.js';
import {
  type PortIdentity,
  portId,
  portOf,
  portTextOf,
  type SwitchIdentity,
  type SwitchKind,
  switchId,
} from '../sightings/identity.js';
import { knexOf, type TrailConnection } from './database.js';
import type { Value } from './event-rows.js';
import type { Row } from './event-table.js';
import type { Naming } from './naming.js';
import { upsertRows } from './sql.js';

const SWITCH_COLUMNS = ['switch_id', 'kind', 'value', 'name'];
const PORT_COLUMNS = ['port_id', 'switch_id', 'circuit_id', 'name'];
/** Longest name that the columns hold. */
const NAME_LENGTH = 512;
/** Rows renamed at a time. */
const PAGE = 500;

/** Ports already known to be in the trail, so that most batches write none. By portTextOf. */
export class KnownPorts {
  readonly #known = new Set<string>();

  /** The ports of these events that are not known yet. */
  unknown(events: readonly LedgerEvent[]): Map<string, PortIdentity> {
    const found = new Map<string, PortIdentity>();
    for (const event of events) {
      const text = isLeaseEvent(event.kind) ? portTextOf(event) : null;
      if (text !== null && !this.#known.has(text) && !found.has(text)) found.set(text, portOf(event)!);
    }
    return found;
  }

  /** Call once they are committed. */
  add(ports: ReadonlyMap<string, PortIdentity>): void {
    // A flood of forged circuit-ids must not fill the memory; forgotten ports are only written again.
    if (this.#known.size > 200_000) this.#known.clear();
    for (const text of ports.keys()) this.#known.add(text);
  }
}

/** Writes ports and their switches, with names. Existing rows only get the name. */
export async function savePorts(db: TrailConnection, ports: Iterable<PortIdentity>, naming: Naming): Promise<void> {
  const switchRows = new Map<string, Value[]>();
  const portRows: Value[][] = [];
  for (const port of ports) {
    const id = switchId(port.switch);
    switchRows.set(id.toString('hex'), [id, port.switch.kind, port.switch.value, switchNameOf(naming, port.switch)]);
    portRows.push([portId(port), id, port.circuitId, portNameOf(naming, port)]);
  }
  await upsertRows(db, 'switches', SWITCH_COLUMNS, 1, [...switchRows.values()]);
  await upsertRows(db, 'ports', PORT_COLUMNS, 1, portRows);
}

/** Gives every switch and port its name by this naming; returns how many there are. */
export async function renamePorts(db: TrailConnection, naming: Naming): Promise<number> {
  let count = 0;
  for await (const page of pages(knexOf(db)('switches').select(SWITCH_COLUMNS), 'switch_id')) {
    const rows = page.map((row) => [row.switch_id, row.kind, row.value, switchNameOf(naming, identityOf(row))]);
    await upsertRows(db, 'switches', SWITCH_COLUMNS, 1, rows as Value[][]);
    count += rows.length;
  }
  const query = knexOf(db)('ports')
    .join('switches', 'switches.switch_id', 'ports.switch_id')
    .select('ports.port_id', 'ports.switch_id', 'ports.circuit_id', 'switches.kind', 'switches.value');
  for await (const page of pages(query, 'port_id')) {
    const rows = page.map((row) => {
      const port = { switch: identityOf(row), circuitId: row.circuit_id as Buffer | null };
      return [row.port_id, row.switch_id, row.circuit_id, portNameOf(naming, port)];
    });
    await upsertRows(db, 'ports', PORT_COLUMNS, 1, rows as Value[][]);
    count += rows.length;
  }
  return count;
}

async function* pages(query: Knex.QueryBuilder, key: string): AsyncGenerator<Row[]> {
  let after: Value = Buffer.alloc(0);
  for (;;) {
    const page: Row[] = await query.clone().where(key, '>', after).orderBy(key).limit(PAGE);
    if (page.length === 0) return;
    yield page;
    after = page.at(-1)![key]!;
  }
}

/** The identity of the switch in a row with columns `kind` and `value`. */
export function identityOf(row: Row): SwitchIdentity {
  return { kind: row.kind as SwitchKind, value: row.value as Buffer };
}

/** Up to `limit` rows of table `switches` after this id, in the order of ids. The values are as they are stored. */
export async function switchPage(db: TrailConnection, after: Buffer, limit: number): Promise<Row[]> {
  return await knexOf(db)('switches')
    .select('switch_id', 'kind', 'value', 'name')
    .where('switch_id', '>', after)
    .orderBy('switch_id')
    .limit(limit);
}

/** Up to `limit` rows of table `ports` after this id, in the order of ids, each with `kind` and `value` of its switch (null: it is missing). */
export async function portPage(db: TrailConnection, after: Buffer, limit: number): Promise<Row[]> {
  return await knexOf(db)('ports')
    .leftJoin('switches', 'switches.switch_id', 'ports.switch_id')
    .select('ports.port_id', 'ports.circuit_id', 'ports.name', 'switches.kind', 'switches.value')
    .where('port_id', '>', after)
    .orderBy('port_id')
    .limit(limit);
}

/** The name of a switch as the column has it. */
export function switchNameOf(naming: Naming, identity: SwitchIdentity): string | null {
  return naming.switchName(identity)?.slice(0, NAME_LENGTH) ?? null;
}

/** The name of a port as the column has it. */
export function portNameOf(naming: Naming, port: PortIdentity): string | null {
  return naming.portName(port.switch, port.circuitId)?.slice(0, NAME_LENGTH) ?? null;
}

import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import { rowToEvent } from '../../../src/trail/store/event-rows.js';
import { Trail } from '../../../src/trail/store/trail.js';

/** All events in a trail, ordered by sequence; the trail of one queue. */
export async function eventsIn(url: string): Promise<LedgerEvent[]> {
  return await withTrail(url, async (trail) => (await trail.knex('events').orderBy('sequence')).map(rowToEvent));
}

/** Opens a trail for one piece of work. */
export async function withTrail<T>(url: string, work: (trail: Trail) => Promise<T>): Promise<T> {
  const trail = await Trail.open(url);
  try {
    return await work(trail);
  } finally {
    await trail.close();
  }
}

/** Every row of the tables that are made from events, as text, in the order of their keys. */
export async function derivedRows(trail: Trail): Promise<string[]> {
  const tables = {
    sightings: ['opened_queue', 'opened_sequence'],
    gaps: ['queue_uuid', 'sequence', 'kind'],
    queues: ['queue_uuid'],
  };
  const rows: string[] = [];
  for (const [table, keys] of Object.entries(tables))
    for (const row of await trail.knex(table).orderBy(keys)) rows.push(`${table} ${JSON.stringify(row)}`);
  return rows;
}

/** True for the events that a DHCPACK tells a client of. */
export function isAcknowledged(event: LedgerEvent): boolean {
  return event.kind === 'granted' || event.kind === 'renewed';
}

/** A client as the server tells them apart: by client-id if there is one, else by hardware type and address. */
export function clientOf({ htype, hwaddr, clientId }: LedgerEvent): string {
  return clientId ? `id ${hex(clientId)}` : `${htype} ${hex(hwaddr)}`;
}

/** The lease events of each address, in order. */
export function byAddress(events: readonly LedgerEvent[]): Map<string, LedgerEvent[]> {
  const found = new Map<string, LedgerEvent[]>();
  for (const event of events) {
    if (event.address === null) continue;
    const list = found.get(event.address);
    if (list) list.push(event);
    else found.set(event.address, [event]);
  }
  return found;
}

/** Every grant or renewal of an address for one client while the lease of another still lasted, in words. */
export function holderConflicts(events: readonly LedgerEvent[]): string[] {
  return [...byAddress(events)].flatMap(([address, own]) => conflictsOf(address, own));
}

function conflictsOf(address: string, events: readonly LedgerEvent[]): string[] {
  const conflicts: string[] = [];
  let holder: { client: string; until: number } | undefined;
  for (const event of events) {
    const client = clientOf(event);
    if (isAcknowledged(event)) {
      if (holder && holder.client !== client && event.at < holder.until)
        conflicts.push(`${address}: event ${event.sequence} gives it to ${client}, ${holder.client} has it`);
      holder = { client, until: event.leaseEnd! };
    } else if (event.kind === 'expired' ? event.at >= (holder?.until ?? 0) : true) holder = undefined;
  }
  return conflicts;
}

function hex(bytes: Uint8Array | null): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

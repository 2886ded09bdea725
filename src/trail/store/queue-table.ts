import { uuidText } from '../../ledger/event/encoding.js';
import { knexOf, type TrailConnection } from './database.js';

/** The row of a queue in table `queues`. */
export interface QueueHead {
  readonly server: string;
  /** Of its last event here. */
  readonly sequence: number;
  readonly hash: Buffer;
  /** As it is stored, see toSqlTime. */
  readonly lastAt: string;
}

/** The row of each queue that table `queues` has, by UUID. */
export async function readQueueHeads(db: TrailConnection): Promise<Map<string, QueueHead>> {
  const rows = await knexOf(db)('queues').select('queue_uuid', 'server', 'sequence', 'hash', 'last_at');
  return new Map(
    rows.map(({ queue_uuid, server, sequence, hash, last_at }) => [
      uuidText(queue_uuid),
      { server, sequence, hash, lastAt: last_at },
    ]),
  );
}

/** The sequence of the last event of each queue, by UUID. */
export async function readPositions(db: TrailConnection): Promise<ReadonlyMap<string, number>> {
  const rows: { queue_uuid: Buffer; sequence: number }[] = await knexOf(db)('queues').select('queue_uuid', 'sequence');
  return new Map(rows.map((row) => [uuidText(row.queue_uuid), row.sequence]));
}

/** The UUIDs of all queues in table `queues`, in order. */
export async function queueUuids(db: TrailConnection): Promise<string[]> {
  const rows: { queue_uuid: Buffer }[] = await knexOf(db)('queues').select('queue_uuid').orderBy('queue_uuid');
  return rows.map((row) => uuidText(row.queue_uuid));
}

/** The UUIDs of all queues that events, checkpoints, removals or quarantined events are of, each once, in no order. */
export async function queuesWithRecords(db: TrailConnection): Promise<Set<string>> {
  const found = new Set<string>();
  for (const table of ['events', 'checkpoints', 'removals', 'quarantined']) {
    for (const queue of await queuesIn(db, table)) found.add(queue);
  }
  return found;
}

/** Every queue that a table names, each found by one look-up in its index. */
async function queuesIn(db: TrailConnection, table: string): Promise<string[]> {
  const found: string[] = [];
  for (let last: Buffer | null = null; ; ) {
    const query = knexOf(db)(table).min('queue_uuid as queue');
    const row = await (last === null ? query : query.where('queue_uuid', '>', last)).first();
    last = (row?.queue ?? null) as Buffer | null;
    if (last === null) return found;
    found.push(uuidText(last));
  }
}

import { fromSqlTime, type Micros, toSqlTime } from '../../base/time.js';
import { encodeEvent, uuidBytes } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { knexOf, type TrailConnection } from './database.js';
import type { Value } from './event-rows.js';
import type { Gap } from './gaps.js';
import { upsertRows } from './sql.js';

const COLUMNS = ['queue_uuid', 'sequence', 'at', 'hash', 'encoded', 'reason'];
/** Longest reason, and detail of a gap, that the columns hold. */
const REASON_LENGTH = 255;

/** An event that the database refused for table `events`. The chain continues through its bytes. */
export interface QuarantinedEvent {
  readonly queue: string;
  readonly sequence: number;
  readonly at: Micros;
  readonly hash: Buffer;
  /** Canonical encoding, see encodeEvent. */
  readonly encoded: Buffer;
  /** The database's message. */
  readonly reason: string;
}

/** Quarantines an event; one that is quarantined already stays one. */
export async function writeQuarantined(db: TrailConnection, event: LedgerEvent, reason: string): Promise<void> {
  const row: Value[] = [
    uuidBytes(event.queue),
    event.sequence,
    toSqlTime(event.at),
    Buffer.from(event.hash),
    encodeEvent(event),
    reason.slice(0, REASON_LENGTH),
  ];
  await upsertRows(db, 'quarantined', COLUMNS, 2, [row]);
}

/** Up to `limit` quarantined events of a queue after sequence `after`, in order. */
export async function readQuarantined(
  db: TrailConnection,
  queue: string,
  after: number,
  limit: number,
): Promise<QuarantinedEvent[]> {
  const rows = await knexOf(db)('quarantined')
    .select(COLUMNS)
    .where('queue_uuid', uuidBytes(queue))
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(limit);
  return rows.map((row) => ({ ...row, queue, at: fromSqlTime(row.at) }));
}

/** How many events of all queues are quarantined. */
export async function countQuarantined(db: TrailConnection): Promise<number> {
  const row = await knexOf(db)('quarantined').count({ count: '*' }).first();
  return Number(row!.count);
}

/** The gap of a quarantined event: that one moment. */
export function quarantineGap(event: LedgerEvent, reason: string): Gap {
  const { queue, sequence, server, at } = event;
  return { queue, sequence, kind: 'quarantined', server, from: at, until: at, detail: reason.slice(0, REASON_LENGTH) };
}

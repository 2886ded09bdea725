import type { LedgerEvent } from '../../ledger/event/event.js';
import type { Logger } from '../../operate/log/logger.js';
import { databaseMessage, isRejection } from '../store/errors.js';
import type { Work } from '../store/load.js';
import type { AppendResult, Batch, Trail } from '../store/trail.js';

/** The part of the trail that takes events. */
export type Receiver = Pick<Trail, 'append' | 'quarantine'>;

/**
 * Appends a batch to the trail. A batch that the database rejects is halved until the faulty events stand alone; those are
 * quarantined and logged, all others are appended. The proof of the batch goes with its last part.
 * @param meanwhile work to do while the database is busy with the batch
 */
export async function deliver(trail: Receiver, batch: Batch, log: Logger, meanwhile?: Work): Promise<AppendResult> {
  try {
    return await trail.append(batch, meanwhile);
  } catch (error) {
    if (!isRejection(error) || batch.events.length === 0) throw error;
    if (batch.events.length === 1) return await setAside(trail, batch, databaseMessage(error), log);
    return await deliverHalves(trail, batch, log);
  }
}

async function deliverHalves(trail: Receiver, batch: Batch, log: Logger): Promise<AppendResult> {
  const { queue, server, events } = batch;
  const middle = Math.ceil(events.length / 2);
  const first = await deliver(trail, { queue, server, events: events.slice(0, middle) }, log);
  const second = await deliver(trail, { ...batch, events: events.slice(middle) }, log);
  return { ...second, appended: first.appended + second.appended, skipped: first.skipped + second.skipped };
}

async function setAside(trail: Receiver, batch: Batch, reason: string, log: Logger): Promise<AppendResult> {
  const result = await trail.quarantine(batch, reason);
  const { kind, sequence, address } = batch.events[0] as LedgerEvent;
  log.log('ship-event-quarantined', { queue: batch.queue, sequence, kind, address, reason });
  return result;
}

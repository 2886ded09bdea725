import { messageOf } from '../../base/errors.js';
import { toSqlTime } from '../../base/time.js';
import { decodeEvent } from '../../ledger/event/encoding.js';
import type { Checkpoint } from '../../ledger/proof/checkpoint.js';
import type { TrailConnection } from '../store/database.js';
import { rowToEvent } from '../store/event-rows.js';
import { eventRowPage, type Row } from '../store/event-table.js';
import { gapRowPage } from '../store/gap-rows.js';
import { checkpointPage } from '../store/proof-rows.js';
import { type QuarantinedEvent, readQuarantined } from '../store/quarantine.js';
import { sightingRowPage } from '../store/sighting-table.js';
import type { ReadEvent } from './chain-walk.js';
import { Pages } from './pages.js';

/** Rows read at a time. */
export const PAGE = 250;

const HASH_LENGTH = 32;
const NO_HASH = Buffer.alloc(HASH_LENGTH);
/** Before the sequence of any row. */
const BEFORE_ALL = -1;

/** The events of a queue after `start`, up to `end`. */
export function eventPages(db: TrailConnection, queue: string, start: number, end: number): Pages<ReadEvent> {
  return new Pages(async (after) => {
    const rows = await eventRowPage(db, queue, after?.sequence ?? start, end, PAGE);
    return rows.map(readEvent);
  }, PAGE);
}

/** The quarantined events of a queue after `start`, up to `end`. */
export function quarantinedPages(db: TrailConnection, queue: string, start: number, end: number): Pages<ReadEvent> {
  return new Pages(async (after) => {
    const found = await readQuarantined(db, queue, after?.sequence ?? start, PAGE);
    return found.filter(({ sequence }) => sequence <= end).map(readAside);
  }, PAGE);
}

/** The checkpoints of a queue about the event `start` and later ones. */
export function checkpointPages(db: TrailConnection, queue: string, start: number): Pages<Checkpoint> {
  return new Pages((after) => checkpointPage(db, queue, after ?? { sequence: start, keyId: '' }, PAGE), PAGE);
}

/** The gaps that events of a queue made. */
export function gapPages(db: TrailConnection, queue: string): Pages<Row> {
  return new Pages((after) => gapRowPage(db, queue, (after?.sequence as number) ?? BEFORE_ALL, PAGE), PAGE);
}

/** The sightings that events of a queue opened, in the order of these. */
export function sightingPages(db: TrailConnection, queue: string): Pages<Row> {
  return new Pages((after) => sightingRowPage(db, queue, (after?.opened_sequence as number) ?? BEFORE_ALL, PAGE), PAGE);
}

function readEvent(row: Row): ReadEvent {
  const { sequence, hash } = row as { sequence: number; hash: Buffer };
  try {
    const event = rowToEvent(row);
    if (event.hash.length === HASH_LENGTH) return { sequence, hash, event, fault: null, encoded: null };
    return { sequence, hash: NO_HASH, event: null, encoded: null, fault: `its hash has ${event.hash.length} bytes` };
  } catch (error) {
    const isHash = Buffer.isBuffer(hash) && hash.length === HASH_LENGTH;
    return { sequence, hash: isHash ? hash : NO_HASH, event: null, encoded: null, fault: messageOf(error) };
  }
}

function readAside({ queue, sequence, hash, encoded }: QuarantinedEvent): ReadEvent {
  try {
    const event = { ...decodeEvent(encoded), hash };
    // Throws for a time that no calendar has.
    toSqlTime(event.at);
    const isNamed = event.queue === queue && event.sequence === sequence;
    if (isNamed && hash.length === HASH_LENGTH) return { sequence, hash, event, fault: null, encoded };
    return { sequence, hash: NO_HASH, event: null, fault: 'its bytes are those of another event', encoded };
  } catch (error) {
    return { sequence, hash: NO_HASH, event: null, fault: messageOf(error), encoded };
  }
}

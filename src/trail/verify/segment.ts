import { UsageError } from '../../base/errors.js';
import { encodeEvent, genesisHash } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import type { Checkpoint } from '../../ledger/proof/checkpoint.js';
import { checkpointToJson, type Json, removalToJson } from '../../ledger/proof/json.js';
import type { Removal } from '../../ledger/proof/removal.js';
import type { TrailConnection } from '../store/database.js';
import { eventHash } from '../store/event-table.js';
import { readRemovals } from '../store/removal-rows.js';
import { checkpointPages, eventPages } from './rows.js';

/** Most events of a bundle: nobody could read more. */
export const MOST_EVENTS = 200_000;

/** A part of one queue's chain, from an event to a checkpoint. */
export interface Segment {
  readonly queue: string;
  readonly server: string;
  /** Hash before the first event. */
  readonly before: Uint8Array;
  /** Events, and removals in place of others, in the order of the chain. */
  readonly links: readonly (LedgerEvent | Removal)[];
  /** Null: none follows yet. */
  readonly checkpoint: Checkpoint | null;
}

/** True for a removal, which stands in place of events. */
export function isRemoval(link: LedgerEvent | Removal): link is Removal {
  return 'hashAfter' in link;
}

/**
 * The part of a queue's chain from its first of these events to the checkpoint after its last. Throws UsageError if that is too
 * long, or if events are missing that retention did not remove.
 */
export async function segmentOf(db: TrailConnection, queue: string, events: readonly LedgerEvent[]): Promise<Segment> {
  const own = events.filter((event) => event.queue === queue);
  const [first, last] = [own[0]!, own.at(-1)!];
  const removals = (await readRemovals(db, queue)).filter(({ from }) => from > first.sequence);
  const checkpoint = await checkpointAfter(db, queue, last.sequence, removals);
  const end = checkpoint?.sequence ?? last.sequence;
  if (end - first.sequence >= MOST_EVENTS) {
    throw new UsageError(`The chain from event ${first.sequence} to ${end} is too long for a bundle`, {
      hint: 'verify the trail itself instead: portledger verify --public-key',
    });
  }
  const links = await readLinks(db, queue, first.sequence, end, removals);
  return { queue, server: first.server, before: await hashBefore(db, queue, first.sequence), links, checkpoint };
}

/** The first checkpoint after an event. Not one within a removed stretch: the hash of its event is not known any more. */
async function checkpointAfter(
  db: TrailConnection,
  queue: string,
  sequence: number,
  removals: readonly Removal[],
): Promise<Checkpoint | null> {
  const pages = checkpointPages(db, queue, sequence);
  for (await pages.fill(); pages.row; await pages.fill()) {
    const { row } = pages;
    if (!removals.some(({ from, to }) => from <= row.sequence && row.sequence < to)) return row;
    pages.advance();
  }
  return null;
}

async function readLinks(
  db: TrailConnection,
  queue: string,
  from: number,
  to: number,
  removals: readonly Removal[],
): Promise<(LedgerEvent | Removal)[]> {
  const links: (LedgerEvent | Removal)[] = [];
  const pages = eventPages(db, queue, from - 1, to);
  await pages.fill();
  for (let next = from; next <= to; ) {
    const row = pages.row;
    const removal = removals.find((one) => one.from === next);
    if (row?.event && row.sequence === next) {
      links.push(row.event);
      pages.advance();
      await pages.fill();
      next += 1;
    } else if (removal) {
      links.push(removal);
      next = removal.to + 1;
    } else {
      throw new UsageError(`Event ${next} of queue ${queue} is not in the trail, or was changed`, {
        hint: 'run portledger verify, which says why',
      });
    }
  }
  return links;
}

async function hashBefore(db: TrailConnection, queue: string, sequence: number): Promise<Uint8Array> {
  if (sequence === 1) return genesisHash(queue);
  const hash = await eventHash(db, queue, sequence - 1);
  if (hash) return hash;
  const removal = (await readRemovals(db, queue)).find(({ to }) => to === sequence - 1);
  if (removal) return removal.hashAfter;
  throw new UsageError(`Event ${sequence - 1} of queue ${queue} is not in the trail`, {
    hint: 'run portledger verify, which says why',
  });
}

/** The form in a bundle: events as the hex of their encoding, removals as objects. */
export function segmentToJson({ queue, server, before, links, checkpoint }: Segment): Json {
  return {
    queue,
    server,
    before: Buffer.from(before).toString('hex'),
    events: links.map((link) => (isRemoval(link) ? removalToJson(link) : encodeEvent(link).toString('hex'))),
    checkpoint: checkpoint && checkpointToJson(checkpoint),
  };
}

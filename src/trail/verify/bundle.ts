import { UsageError } from '../../base/errors.js';
import { type Micros, toIsoTime } from '../../base/time.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { introductionToJson, type Json } from '../../ledger/proof/json.js';
import { observe, type Sighting } from '../sightings/rules.js';
import type { TrailConnection } from '../store/database.js';
import { eventsOfAddress } from '../store/event-table.js';
import { readIntroductions } from '../store/proof-rows.js';
import { sightingsWithin } from '../store/sighting-table.js';
import { inSnapshot } from '../store/transaction.js';
import { isRemoval, MOST_EVENTS, type Segment, segmentOf, segmentToJson } from './segment.js';
import { eventToJson, sightingToJson } from './shown.js';

/** Name and version of the format. */
export const BUNDLE_FORMAT = 'portledger evidence v1';

/** Which sighting the bundle is about. */
export interface EvidenceQuestion {
  readonly ip: string;
  /** The moment, as a stretch [at, until). */
  readonly at: Micros;
  readonly until: Micros;
}

/** A bundle, and what it lacks to prove something. */
export interface Bundle {
  readonly json: Json;
  /** Queues whose last event here is under no checkpoint yet. */
  readonly unsigned: readonly string[];
}

/**
 * Makes the proof of who had an address at a time: the sighting, its events, the keys, and of each queue the chain from the first of
 * these events to the checkpoint after the last. Null if no sighting covers the time. Throws UsageError if two do, if a chain is too long,
 * or if retention has removed a part of the sighting.
 */
export async function makeBundle(
  trail: TrailConnection,
  question: EvidenceQuestion,
  now: Micros,
): Promise<Bundle | null> {
  return await inSnapshot(trail, async (db) => {
    const sighting = await findSighting(db, question);
    if (!sighting) return null;
    const events = await eventsOf(db, sighting);
    const queues = [...new Set(events.map(({ queue }) => queue))].sort();
    const segments: Segment[] = [];
    for (const queue of queues) segments.push(await segmentOf(db, queue, events));
    const removed = removedIn(segments);
    if (removed > 0 && events.length < sighting.events) throw partlyRemoved();
    const keys = await readIntroductions(db);
    return {
      json: {
        format: BUNDLE_FORMAT,
        made: toIsoTime(now),
        question: { ip: question.ip, at: toIsoTime(question.at) },
        sighting: sightingToJson(sighting, events),
        says: wordsFor(segments, removed),
        events: events.map(eventToJson),
        chain: segments.map(segmentToJson),
        keys: keys.map(introductionToJson),
      },
      unsigned: segments.filter(({ checkpoint }) => checkpoint === null).map(({ queue }) => queue),
    };
  });
}

/** The sighting that covers the moment. Throws UsageError if there are two, one after the other. */
async function findSighting(db: TrailConnection, { ip, at, until }: EvidenceQuestion): Promise<Sighting | null> {
  const [first, second] = await sightingsWithin(db, ip, at, until, 2);
  if (second) {
    throw new UsageError(`Address ${ip} was in two hands within that second`, {
      hint: `ask for one of them: --at ${toIsoTime(Math.max(first!.firstSeen, at))} or --at ${toIsoTime(second.firstSeen)}`,
    });
  }
  return first ?? null;
}

/** The events of the address from the one that opened the sighting to the one that ended it. */
async function eventsOf(db: TrailConnection, sighting: Sighting): Promise<LedgerEvent[]> {
  const events = await eventsOfAddress(db, sighting.ip, sighting.firstSeen, MOST_EVENTS);
  const first = events.findIndex(
    (one) => one.queue === sighting.openedQueue && one.sequence === sighting.openedSequence,
  );
  if (first < 0) throw partlyRemoved();
  let open: Sighting | null = null;
  for (let i = first; i < events.length; i++) {
    const step = observe(open, events[i]!);
    if (step.ended) return events.slice(first, i + 1);
    open = step.open;
  }
  return events.slice(first);
}

function partlyRemoved(): UsageError {
  return new UsageError('Events of this sighting are not in the trail any more', {
    hint: 'retention removed them; place a hold in time with portledger hold add',
  });
}

/** How many records retention removed from these segments. */
function removedIn(segments: readonly Segment[]): number {
  const removals = segments.flatMap(({ links }) => links).filter(isRemoval);
  return removals.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

function wordsFor(segments: readonly Segment[], removed: number): string[] {
  const records = segments.flatMap(({ links }) => links).filter((link) => !isRemoval(link));
  return [
    'This bundle says which client had an address on which switch port, from when until when, as the DHCP servers recorded it when they granted, renewed and ended the lease.',
    'Each record (field events of chain, in hex) is part of a chain: its SHA-256 together with the hash before it is the hash that the next one continues. At the end of each stretch stands a checkpoint, which the server signed with its private key.',
    'Whoever has the public key of the server, from its owner and not from this file, can check without any database that not one byte was changed, left out or put in: portledger verify --bundle FILE --public-key KEY.pub',
    'It proves what the server saw. It does not prove who sat at the device, that a hardware address was not forged, or that the switch was wired as its records say.',
    'Records of servers that are not in it, or later ones, could tell of an earlier end of the stay: only the whole trail shows that there are none.',
    ...(removed > 0 ? [wordsOnRemoved(removed)] : []),
    `The stretch holds ${records.length} records, also of other clients, because none can be left out of a chain. Treat it as personal data.`,
  ];
}

function wordsOnRemoved(count: number): string {
  return `${count} records of other stays in the stretch were removed when they were old enough. In the place of each stretch of them stands an object that the owner of a key signed then: the hash before it, and the hash that the next record continues.`;
}

import type { Knex } from 'knex';
import { UsageError } from '../base/errors.js';
import { type Micros, toIsoTime, toSqlTime } from '../base/time.js';
import { encodeEvent, genesisHash, uuidBytes } from '../event/encoding.js';
import type { LedgerEvent } from '../event/event.js';
import type { Checkpoint } from '../proof/checkpoint.js';
import { checkpointToJson, introductionToJson, type Json } from '../proof/json.js';
import { EVENT_COLUMNS, rowToEvent } from '../trail/event-rows.js';
import { checkpointPage, readIntroductions } from '../trail/proof-rows.js';
import { rowToSighting, SIGHTING_COLUMNS } from '../trail/sighting-rows.js';
import { observe, type Sighting } from '../trail/sightings.js';
import { inSnapshot } from '../trail/turn.js';
import { eventPages } from './rows.js';
import { eventToJson, sightingToJson } from './shown.js';

/** Name and version of the form. */
export const BUNDLE_FORMAT = 'portledger evidence v1';

/** More events than this make no bundle that anybody could read. */
const MOST_EVENTS = 200_000;

/** Which sighting is asked for. */
export interface EvidenceQuestion {
  readonly ip: string;
  readonly at: Micros;
}

/** A bundle, and what is still missing for it to prove something. */
export interface Bundle {
  readonly json: Json;
  /** Queues whose last event here is under no checkpoint yet. */
  readonly unsigned: readonly string[];
}

/**
 * What proves who had an address at a time: the sighting, its events, the stretch of each queue's chain from the first of them to the
 * next checkpoint after the last, and the keys. Null if no sighting covers the time. Throws UsageError if the stretch is too long,
 * or if retention has removed a part of it.
 */
export async function makeBundle(knex: Knex, question: EvidenceQuestion, now: Micros): Promise<Bundle | null> {
  return await inSnapshot(knex, async (db) => {
    const sighting = await findSighting(db, question);
    if (!sighting) return null;
    const events = await eventsOf(db, sighting);
    const queues = [...new Set(events.map(({ queue }) => queue))].sort();
    const segments: Segment[] = [];
    for (const queue of queues) segments.push(await segmentOf(db, queue, events));
    const keys = await readIntroductions(db);
    return {
      json: {
        format: BUNDLE_FORMAT,
        made: toIsoTime(now),
        question: { ip: question.ip, at: toIsoTime(question.at) },
        sighting: sightingToJson(sighting, events),
        says: wordsFor(segments),
        events: events.map(eventToJson),
        chain: segments.map(segmentToJson),
        keys: keys.map(introductionToJson),
      },
      unsigned: segments.filter(({ checkpoint }) => checkpoint === null).map(({ queue }) => queue),
    };
  });
}

interface Segment {
  readonly queue: string;
  readonly server: string;
  /** Hash before the first event. */
  readonly before: Uint8Array;
  readonly events: readonly LedgerEvent[];
  readonly checkpoint: Checkpoint | null;
}

async function findSighting(db: Knex, { ip, at }: EvidenceQuestion): Promise<Sighting | null> {
  const row = await db('sightings')
    .select(SIGHTING_COLUMNS as unknown as string[])
    .where('ip', ip)
    .where('first_seen', '<=', toSqlTime(at))
    .where('lease_until', '>', toSqlTime(at))
    .where((open) => open.whereNull('ended_at').orWhere('ended_at', '>', toSqlTime(at)))
    .orderBy('first_seen', 'desc')
    .first();
  return row ? rowToSighting(row) : null;
}

/** The events of the address from the one that opened the sighting to the one that ended it. */
async function eventsOf(db: Knex, sighting: Sighting): Promise<LedgerEvent[]> {
  const rows = await db('events')
    .select(EVENT_COLUMNS as string[])
    .where('ip', sighting.ip)
    .where('at', '>=', toSqlTime(sighting.firstSeen))
    .orderBy(['at', 'queue_uuid', 'sequence'])
    .limit(MOST_EVENTS);
  const events = rows.map(rowToEvent);
  const first = events.findIndex(
    (one) => one.queue === sighting.openedQueue && one.sequence === sighting.openedSequence,
  );
  if (first < 0) {
    throw new UsageError(`The events of this sighting are not in the trail any more`, {
      hint: 'retention removed them; place a hold in time with portledger hold add',
    });
  }
  let open: Sighting | null = null;
  for (let i = first; i < events.length; i++) {
    const step = observe(open, events[i]!);
    if (step.ended) return events.slice(first, i + 1);
    open = step.open;
  }
  return events.slice(first);
}

/** The stretch of a queue's chain from the first of these events that is of it to the checkpoint after the last. */
async function segmentOf(db: Knex, queue: string, events: readonly LedgerEvent[]): Promise<Segment> {
  const own = events.filter((event) => event.queue === queue);
  const [first, last] = [own[0]!, own.at(-1)!];
  const checkpoint = (await checkpointPage(db, queue, { sequence: last.sequence, keyId: '' }, 1))[0] ?? null;
  const end = checkpoint?.sequence ?? last.sequence;
  if (end - first.sequence >= MOST_EVENTS) {
    throw new UsageError(`The chain from event ${first.sequence} to ${end} is too long for a bundle`, {
      hint: 'verify the trail itself instead: portledger verify --public-key',
    });
  }
  const segment = await readSegment(db, queue, first.sequence, end);
  return {
    queue,
    server: first.server,
    before: await hashBefore(db, queue, first.sequence),
    events: segment,
    checkpoint,
  };
}

async function readSegment(db: Knex, queue: string, from: number, to: number): Promise<LedgerEvent[]> {
  const events: LedgerEvent[] = [];
  const pages = eventPages(db, queue, from - 1, to);
  for (await pages.fill(); pages.row; await pages.fill()) {
    const { event, sequence } = pages.row;
    if (!event || sequence !== from + events.length) {
      throw new UsageError(`Event ${from + events.length} of queue ${queue} is not in the trail, or was changed`, {
        hint: 'run portledger verify, which says why',
      });
    }
    events.push(event);
    pages.advance();
  }
  return events;
}

async function hashBefore(db: Knex, queue: string, sequence: number): Promise<Uint8Array> {
  if (sequence === 1) return genesisHash(queue);
  const row = await db('events')
    .where({ queue_uuid: uuidBytes(queue), sequence: sequence - 1 })
    .first('hash');
  if (row) return row.hash as Buffer;
  const removal = await db('removals')
    .where({ queue_uuid: uuidBytes(queue), to_sequence: sequence - 1 })
    .first('hash_after');
  if (removal) return removal.hash_after as Buffer;
  throw new UsageError(`Event ${sequence - 1} of queue ${queue} is not in the trail`, {
    hint: 'run portledger verify, which says why',
  });
}

function segmentToJson({ queue, server, before, events, checkpoint }: Segment): Json {
  return {
    queue,
    server,
    before: Buffer.from(before).toString('hex'),
    events: events.map((event) => encodeEvent(event).toString('hex')),
    checkpoint: checkpoint && checkpointToJson(checkpoint),
  };
}

function wordsFor(segments: readonly Segment[]): string[] {
  return [
    'This bundle says which client had an address on which switch port, from when until when, as the DHCP servers recorded it when they granted, renewed and ended the lease.',
    'Each record (field events of chain, in hex) is part of a chain: its SHA-256 together with the hash before it is the hash that the next one continues. At the end of each stretch stands a checkpoint, which the server signed with its private key.',
    'Whoever has the public key of the server, from its owner and not from this file, can check without any database that not one byte was changed, left out or put in: portledger verify --bundle FILE --public-key KEY.pub',
    'It proves what the server saw. It does not prove who sat at the device, that a hardware address was not forged, or that the switch was wired as its records say.',
    'Records of servers that are not in it, or later ones, could tell of an earlier end of the stay: only the whole trail shows that there are none.',
    `The stretch holds ${segments.reduce((sum, one) => sum + one.events.length, 0)} records, also of other clients, because none can be left out of a chain. Treat it as personal data.`,
  ];
}

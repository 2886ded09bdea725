import { messageOf } from '../../base/errors.js';
import { chainHash, decodeEvent } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { type Checkpoint, isSignedBy } from '../../ledger/proof/checkpoint.js';
import { checkpointOfJson, Fields, removalOfJson } from '../../ledger/proof/json.js';
import type { KeyRing } from '../../ledger/proof/key-ring.js';
import { isRemovalSignedBy } from '../../ledger/proof/removal.js';
import { eventToJson } from './shown.js';

/** The sound part of a segment in a bundle: its events, and how many retention removed between them. */
export interface SoundStretch {
  readonly events: readonly LedgerEvent[];
  readonly removed: number;
}

/** A position in the chain: its sequence (null before the first record), and the hash there. */
interface ChainPosition {
  readonly sequence: number | null;
  readonly hash: Uint8Array;
}

/** A fault of one record; it ends the check of the segment. */
class LinkFault extends Error {}

/** Checks a segment of a chain in a bundle and adds its faults to `faults`. Throws ProofFormatError if it is no segment. */
export function checkSegment(json: unknown, ring: KeyRing, faults: string[]): SoundStretch {
  const read = new Fields(json, 'chain');
  const queue = read.uuid('queue');
  const events: LedgerEvent[] = [];
  let removed = 0;
  let position: ChainPosition = { sequence: null, hash: read.bytes('before') };
  for (const [i, link] of read.list('events').entries()) {
    try {
      if (typeof link === 'object') {
        const [from, next] = [position.sequence, overRemoval(link, queue, position, ring)];
        removed += next.sequence! - from!;
        position = next;
      } else {
        const event = eventOf(link, queue, position);
        events.push(event);
        position = event;
      }
    } catch (error) {
      if (!(error instanceof LinkFault)) throw error;
      faults.push(`Record ${i + 1} of queue ${queue} ${error.message}`);
      return { events, removed };
    }
  }
  const checkpoint = read.isNull('checkpoint') ? null : checkpointOfJson(read.any('checkpoint'));
  const fault = checkpointFault(checkpoint, queue, position, ring);
  if (fault !== null) faults.push(`Queue ${queue}: ${fault}`);
  return { events, removed };
}

function eventOf(encoded: unknown, queue: string, position: ChainPosition): LedgerEvent {
  const event = decoded(encoded, position.hash);
  const isNext = position.sequence === null || event.sequence === position.sequence + 1;
  if (event.queue === queue && isNext) return event;
  throw new LinkFault(`is event ${event.sequence} of queue ${event.queue}: it does not belong there`);
}

function decoded(encoded: unknown, before: Uint8Array): LedgerEvent {
  if (typeof encoded !== 'string' || !/^([0-9a-f]{2})+$/.test(encoded))
    throw new LinkFault('cannot be read: it is not hex');
  const bytes = Buffer.from(encoded, 'hex');
  try {
    const event = { ...decodeEvent(bytes), hash: chainHash(before, bytes) };
    // Throws for a time that no calendar has.
    eventToJson(event);
    return event;
  } catch (error) {
    throw new LinkFault(`cannot be read: ${messageOf(error)}`);
  }
}

/** The position after a removal, if a trusted key signed it. A segment never begins with a removal. */
function overRemoval(json: unknown, queue: string, position: ChainPosition, ring: KeyRing): ChainPosition {
  const removal = removalOfJson(json);
  const continues = position.sequence !== null && removal.from === position.sequence + 1 && removal.to >= removal.from;
  if (!continues || removal.queue !== queue || Buffer.compare(removal.hashBefore, position.hash) !== 0)
    throw new LinkFault('is a removal that does not continue the record before it');
  const key = ring.get(removal.keyId);
  if (!key) throw new LinkFault(`is a removal signed by key ${removal.keyId}, which is not trusted`);
  if (!isRemovalSignedBy(removal, key)) throw new LinkFault('is a removal whose signature does not fit it');
  return { sequence: removal.to, hash: removal.hashAfter };
}

function checkpointFault(
  checkpoint: Checkpoint | null,
  queue: string,
  last: ChainPosition,
  ring: KeyRing,
): string | null {
  if (last.sequence === null) return 'there is no record';
  if (!checkpoint) return 'no checkpoint signs these records';
  const key = ring.get(checkpoint.keyId);
  if (!key) return `the checkpoint is signed by key ${checkpoint.keyId}, which is not trusted`;
  if (!isSignedBy(checkpoint, key)) return 'the signature of the checkpoint does not fit it';
  const isAboutLast = checkpoint.queue === queue && checkpoint.sequence === last.sequence;
  if (isAboutLast && Buffer.compare(checkpoint.hash, last.hash) === 0) return null;
  return 'the records do not lead to the hash that the checkpoint signs: one of them was changed, left out or put in';
}

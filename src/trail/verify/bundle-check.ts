import { isDeepStrictEqual } from 'node:util';
import { toIsoTime } from '../../base/time.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { Fields, introductionOfJson, ProofFormatError } from '../../ledger/proof/json.js';
import type { PublicKey } from '../../ledger/proof/key.js';
import { claimedRing, trustedRing } from '../../ledger/proof/key-ring.js';
import { compareKeys, observe, type Sighting } from '../sightings/rules.js';
import { BUNDLE_FORMAT } from './bundle.js';
import { checkSegment, type SoundStretch } from './segment-check.js';
import { eventToJson, sightingToJson } from './shown.js';

/** The result of checking a bundle. */
export interface BundleResult {
  readonly ok: boolean;
  /** One sentence for each fault, without a period. */
  readonly faults: readonly string[];
  /** The faults and what was proven, for people. */
  readonly lines: readonly string[];
}

/**
 * Checks a bundle without a trail: its records form a chain, the chain ends in a signed checkpoint, and the sighting follows from the
 * records. `trusted` are keys from outside; if there are none, the keys in the bundle are used, which proves little.
 * Throws ProofFormatError if it is no bundle.
 */
export function checkBundle(json: unknown, trusted: readonly PublicKey[]): BundleResult {
  const read = new Fields(json, 'bundle');
  if (read.text('format') !== BUNDLE_FORMAT) {
    throw new ProofFormatError(`The bundle has format "${read.text('format')}", this program knows "${BUNDLE_FORMAT}"`);
  }
  const keys = read.list('keys').map(introductionOfJson);
  const ring = trusted.length > 0 ? trustedRing(trusted, keys) : claimedRing(keys);
  const faults: string[] = [];
  const segments = read.list('chain').map((one) => checkSegment(one, ring, faults));
  const events = segments.flatMap((segment) => segment.events);
  const sighting = checkSighting(read, events, faults);
  return { ok: faults.length === 0, faults, lines: linesOf(faults, sighting, segments, trusted.length > 0) };
}

/** Rebuilds the sighting from the events of its address and compares it with the bundle. */
function checkSighting(read: Fields, chain: readonly LedgerEvent[], faults: string[]): Sighting | null {
  const shown = read.any('sighting');
  const ip = new Fields(shown, 'sighting').text('ip');
  const opening = new Fields(read.list('events')[0], 'first event');
  const [queue, sequence] = [opening.uuid('queue'), opening.count('sequence')];
  const events = chain.filter((event) => event.address === ip).sort(compareKeys);
  const first = events.findIndex((event) => event.queue === queue && event.sequence === sequence);
  let open: Sighting | null = null;
  let last = first;
  for (; first >= 0 && last < events.length; last++) {
    const step = observe(open, events[last]!);
    open = step.ended ?? step.open;
    if (step.ended) break;
  }
  const own = first < 0 ? [] : events.slice(first, last + 1);
  if (!open || !isSameJson(sightingToJson(open, own), shown))
    faults.push('The sighting does not follow from the records');
  if (!isSameJson(own.map(eventToJson), read.any('events')))
    faults.push('The readable events are not those of the records');
  return open;
}

/** Compares as JSON: undefined fields count as absent. */
function isSameJson(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(a)), b);
}

function linesOf(
  faults: readonly string[],
  sighting: Sighting | null,
  segments: readonly SoundStretch[],
  isTrusted: boolean,
): string[] {
  if (faults.length > 0) return [...faults.map((fault) => `FAULT ${fault}`), 'NOT VERIFIED: the bundle proves nothing'];
  const stay = `${sighting!.ip} from ${toIsoTime(sighting!.firstSeen)} ${endOf(sighting!, segments)}`;
  const count = segments.reduce((sum, { events }) => sum + events.length, 0);
  const removed = segments.reduce((sum, segment) => sum + segment.removed, 0);
  const gone = removed > 0 ? ` (signed removals stand in place of ${removed} others)` : '';
  const what = `${count} records form a chain up to a signed checkpoint${gone}, and the sighting of ${stay} follows from them`;
  if (isTrusted) return [`VERIFIED with the given public keys: ${what}`];
  return [
    `VERIFIED, but only against the keys in the bundle itself: ${what}.`,
    'Use --public-key with the .pub file of the server: else whoever made the bundle may have made the keys, too',
  ];
}

/** The end of the sighting as far as the records reach: a bundle that was cut off must not make it seem longer. */
function endOf({ endedAt, leaseUntil }: Sighting, segments: readonly SoundStretch[]): string {
  if (endedAt !== null) return `to ${toIsoTime(endedAt)}`;
  const reach = Math.min(...segments.map(({ events }) => events.at(-1)!.at));
  if (reach >= leaseUntil) return `to ${toIsoTime(leaseUntil)}`;
  return `to ${toIsoTime(reach)} at least (the lease ran to ${toIsoTime(leaseUntil)}, but the records here end before)`;
}

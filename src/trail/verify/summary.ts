import { type Micros, toIsoTime } from '../../base/time.js';
import { checkpointToJson } from '../../ledger/proof/json.js';
import type { Fault } from './findings.js';
import type { QueueResult, Verification } from './verify.js';

/** A verification for people: a line for each fault, then what was checked, then what that proves. */
export function summaryText(result: Verification, seconds: number): string {
  const lines = result.faults.map((fault) => `FAULT ${faultText(fault, result.queues)}`);
  const more = result.faultCount - result.faults.length;
  if (more > 0) lines.push(`FAULT ... and ${more} more of the same kinds`);
  for (const queue of result.queues) lines.push(...queueLines(queue));
  lines.push(countsLine(result, seconds));
  lines.push(...verdictLines(result));
  return `${lines.join('\n')}\n`;
}

/** True if there was nothing to verify: an empty trail, or no event in the given part. */
export function isEmpty({ queues, sightings, asked, faultCount }: Verification): boolean {
  return faultCount === 0 && (queues.length === 0 || (sightings === null && asked === 0));
}

/** A verification for programs. */
export function summaryJson(result: Verification, seconds: number): string {
  const queues = result.queues.map((queue) => ({
    ...queue,
    removedAt: isoOrNull(queue.removedAt),
    first: isoOrNull(queue.first),
    last: isoOrNull(queue.last),
    checkpoint: queue.checkpoint && checkpointToJson(queue.checkpoint),
  }));
  const rate = rateOf(result.events, seconds);
  return `${JSON.stringify({ ok: result.faultCount === 0, ...result, queues, seconds, eventsPerSecond: rate }, null, 2)}\n`;
}

function faultText(fault: Fault, queues: readonly QueueResult[]): string {
  if (fault.queue === null) return fault.message;
  const server = queues.find(({ queue }) => queue === fault.queue)?.server ?? '-';
  return `${fault.message} (server ${server}, queue ${fault.queue})`;
}

function queueLines(queue: QueueResult): string[] {
  const { server, events, setAside, first, last, checkpoint, unsigned, removed, removedAt, lastSequence } = queue;
  const span = first === null || last === null ? '' : ` from ${toIsoTime(first)} to ${toIsoTime(last)}`;
  const lines = [`${server} ${queue.queue}: ${events} events${span}, the last is ${lastSequence}`];
  if (setAside > 0)
    lines.push(`  ${setAside} of them are set aside in table quarantined and show in no sighting, only as gaps`);
  if (removed > 0) lines.push(`  ${removed} events were removed by retention, last on ${isoOrNull(removedAt)}`);
  const signed = checkpoint
    ? `last checkpoint: event ${checkpoint.sequence}, signed ${toIsoTime(checkpoint.at)} by key ${checkpoint.keyId}`
    : 'no checkpoint';
  lines.push(`  ${signed}; ${unsigned} events after it`);
  return lines;
}

function countsLine({ events, sightings, oldSightings, ports, isNamed }: Verification, seconds: number): string {
  const derived =
    sightings === null
      ? 'sightings are compared only when the whole trail is verified'
      : `${sightings} sightings rebuilt, ${ports} ports compared${isNamed ? '' : ' (not their names: another configuration made them)'}`;
  const old = oldSightings > 0 ? `, ${oldSightings} sightings are older than the events that are left` : '';
  return `${events} events checked, ${derived}${old}: ${seconds.toFixed(1)} s, ${rateOf(events, seconds)} events/s`;
}

function verdictLines(result: Verification): string[] {
  const { faultCount, isTrusted, queues } = result;
  if (faultCount > 0) return [`NOT VERIFIED: ${faultCount} ${faultCount === 1 ? 'fault' : 'faults'}`];
  if (queues.length === 0) return ['NOTHING TO VERIFY: there is nothing in the trail'];
  if (isEmpty(result)) return ['NOTHING TO VERIFY: the trail has no event of what was asked for'];
  if (isTrusted)
    return ['VERIFIED with the given public keys: events up to the last checkpoints are as their servers signed them'];
  return [
    'VERIFIED, but only against keys in the trail itself: this proves nothing against the administrator of the database.',
    'Use --public-key with the .pub file of each server to prove it against everybody',
  ];
}

function rateOf(events: number, seconds: number): number {
  return seconds > 0 ? Math.round(events / seconds) : 0;
}

function isoOrNull(at: Micros | null): string | null {
  return at === null ? null : toIsoTime(at);
}

import { formatHardwareAddress } from '../../base/hardware-address.js';
import { escapeBytes, toHex, toText } from '../../base/text.js';
import { type Micros, toIsoTime } from '../../base/time.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import type { Json } from '../../ledger/proof/json.js';
import { portOf } from '../sightings/identity.js';
import type { Sighting } from '../sightings/rules.js';

/** An event for people to read. Its encoding is the proof. */
export function eventToJson(event: LedgerEvent): Json {
  return {
    queue: event.queue,
    sequence: event.sequence,
    at: toIsoTime(event.at),
    kind: event.kind,
    server: event.server,
    ip: event.address,
    mac: event.hwaddr && formatHardwareAddress(event.hwaddr),
    clientId: event.clientId && toHex(event.clientId),
    hostname: event.hostname && escapeBytes(event.hostname),
    ...portJson(event),
    evidence: event.evidence,
    leaseStart: isoOrNull(event.leaseStart),
    leaseEnd: isoOrNull(event.leaseEnd),
    hash: Buffer.from(event.hash).toString('hex'),
  };
}

/** A sighting for people to read. Switch and port are those of its first event. */
export function sightingToJson(sighting: Sighting, events: readonly LedgerEvent[]): Json {
  return {
    ...portJson(events[0]!),
    ip: sighting.ip,
    mac: sighting.hwaddr && formatHardwareAddress(sighting.hwaddr),
    clientId: sighting.clientId && toHex(sighting.clientId),
    hostname: sighting.hostname && escapeBytes(sighting.hostname),
    firstSeen: toIsoTime(sighting.firstSeen),
    lastSeen: toIsoTime(sighting.lastSeen),
    leaseUntil: toIsoTime(sighting.leaseUntil),
    endedAt: isoOrNull(sighting.endedAt),
    endReason: sighting.endReason,
    evidence: sighting.evidence,
    server: sighting.server,
    events: sighting.events,
  };
}

/** Switch and port as text; the exact bytes are in the encoding. */
function portJson(event: LedgerEvent): Json {
  const port = portOf(event);
  return {
    switch: port && toText(port.switch.value),
    switchBy: port?.switch.kind ?? null,
    port: port?.circuitId ? toText(port.circuitId) : null,
  };
}

function isoOrNull(at: Micros | null): string | null {
  return at === null ? null : toIsoTime(at);
}

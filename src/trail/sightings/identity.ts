import { createHash } from 'node:crypto';
import { latin1 } from '../../base/text.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { StoredEvent } from '../../ledger/event/stored-event.js';

/** What identifies a switch, strongest first; `direct`: the relay agent gave neither a name nor an address. */
export type SwitchKind = 'remote-id' | 'relay-id' | 'giaddr' | 'direct';

/** Identity of a switch: raw bytes, never their text (for giaddr: the bytes of its text). */
export interface SwitchIdentity {
  readonly kind: SwitchKind;
  readonly value: Buffer;
}

/** Identity of a port: its switch and the circuit-id, null if the relay agent sent none. */
export interface PortIdentity {
  readonly switch: SwitchIdentity;
  readonly circuitId: Buffer | null;
}

/** The fields of an event that say where the client was. */
export type Placed = Pick<LedgerEvent, 'evidence' | 'remoteId' | 'relayId' | 'giaddr' | 'circuitId'>;

const ID_LENGTH = 16;

/** The port that an event names, null if it has no evidence of one. */
export function portOf(event: Placed): PortIdentity | null {
  if (event.evidence === 'none') return null;
  return { switch: switchOf(event), circuitId: event.circuitId === null ? null : Buffer.from(event.circuitId) };
}

function switchOf(event: Placed): SwitchIdentity {
  if (event.remoteId !== null) return { kind: 'remote-id', value: Buffer.from(event.remoteId) };
  if (event.relayId !== null) return { kind: 'relay-id', value: Buffer.from(event.relayId) };
  if (event.giaddr !== null) return { kind: 'giaddr', value: Buffer.from(event.giaddr, 'latin1') };
  return { kind: 'direct', value: Buffer.alloc(0) };
}

/** The 16 bytes that name a switch in the trail: made from its identity alone, so all shippers make the same. */
export function switchId(identity: SwitchIdentity): Buffer {
  return digest(identity.kind, identity.value);
}

/** The 16 bytes that name a port in the trail. */
export function portId(port: PortIdentity): Buffer {
  const { kind, value } = port.switch;
  return port.circuitId === null ? digest(kind, value, null) : digest(kind, value, port.circuitId);
}

/** Ids of recent ports: most events are of a port that was seen before, and a digest costs more than a look-up. */
const known = new Map<string, Buffer>();
const MOST_KNOWN = 20_000;
/** The rules need the port of one event several times in a row. */
let last: { readonly event: Placed | null; readonly id: Buffer | null } = { event: null, id: null };

/** The 16 bytes that name the port of an event, null if it has no evidence of one. Do not change the bytes. */
export function portIdOf(event: Placed): Buffer | null {
  if (last.event === event) return last.id;
  const name = portTextOf(event);
  let id = name === null ? null : known.get(name);
  if (id === undefined) {
    id = portId(portOf(event)!);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(name!, id);
  }
  if (event instanceof StoredEvent) last = { event, id };
  return id;
}

/**
 * A text for the port of an event, null if it has no evidence of one. Two ports never have the same text; one port may have several.
 * The text of a stored event begins with a length of two bytes, which is never the letter that other texts begin with.
 */
export function portTextOf(event: Placed): string | null {
  return event instanceof StoredEvent ? event.placeText : observedPortText(event);
}

/** The identity of an event's port as text; the length in front keeps the two parts apart. */
function observedPortText({ evidence, remoteId, relayId, giaddr, circuitId }: Placed): string | null {
  if (evidence === 'none') return null;
  const port = circuitId === null ? '' : `/${latin1(circuitId)}`;
  if (remoteId !== null) return `m${remoteId.length} ${latin1(remoteId)}${port}`;
  if (relayId !== null) return `r${relayId.length} ${latin1(relayId)}${port}`;
  return giaddr === null ? `d${port}` : `g${giaddr.length} ${giaddr}${port}`;
}

/** SHA-256 over the kind and each part with its length in front (0xffffffff for null), cut to 16 bytes. */
function digest(kind: SwitchKind, ...parts: (Buffer | null)[]): Buffer {
  const hash = createHash('sha256').update(`${kind}\0`);
  for (const part of parts) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part === null ? 0xffffffff : part.length);
    hash.update(length);
    if (part !== null) hash.update(part);
  }
  return hash.digest().subarray(0, ID_LENGTH);
}

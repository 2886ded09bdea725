import type { ListenConfig } from '../config/types.js';
import type { ReceivedDatagram } from '../net/udp.js';
import { OPTION } from '../wire/codes.js';
import { CHADDR_LENGTH, OFFSET, readUint32 } from '../wire/layout.js';
import { RELAY_AGENT_SUBOPTIONS } from '../wire/relay-agent.js';
import type { IntakeKey } from './intake.js';

const CIRCUIT_ID = RELAY_AGENT_SUBOPTIONS.circuitId.code;
const REMOTE_ID = RELAY_AGENT_SUBOPTIONS.remoteId.code;
const UNICAST = 'unicast';

/**
 * Sorts a datagram before it is decoded, at a small part of that cost. A relay is known by the address that it sends from: what stands
 * in the packet, a client may have written. Never throws, whatever the bytes.
 */
export function intakeKey(datagram: ReceivedDatagram, listen: ListenConfig): IntakeKey {
  const { bytes, source, viaBroadcast, endpoint } = datagram;
  if (bytes.length < OFFSET.options) return { relay: `short ${source}`, port: '' };
  const isRelayed = readUint32(bytes, OFFSET.giaddr) !== 0;
  const port = isRelayed || listen.snooping ? portIn(bytes) : undefined;
  if (isRelayed) return { relay: `relay ${source}`, port: port ?? hardwareIn(bytes) };
  // Every client renews from its own address: one by one as relays they would outnumber the relays
  if (!viaBroadcast) return { relay: UNICAST, port: port ?? String(source) };
  return { relay: `link ${endpoint.address}`, port: port ?? hardwareIn(bytes) };
}

function hardwareIn(bytes: Buffer): string {
  return bytes.toString('latin1', OFFSET.chaddr, OFFSET.chaddr + CHADDR_LENGTH);
}

/** Circuit-id and remote-id of the first Option 82, undefined if it has neither. */
function portIn(bytes: Buffer): string | undefined {
  let offset: number = OFFSET.options;
  while (offset < bytes.length) {
    const code = bytes[offset]!;
    if (code === OPTION.end) return undefined;
    const end = code === OPTION.pad ? offset + 1 : offset + 2 + (bytes[offset + 1] ?? 0);
    if (code === OPTION.relayAgentInformation) return identityIn(bytes, offset + 2, Math.min(end, bytes.length));
    offset = end;
  }
  return undefined;
}

/** Only these two: others may differ from packet to packet (authentication, RFC 4030) and would make one port look like many. */
function identityIn(bytes: Buffer, from: number, to: number): string | undefined {
  let circuitId: string | undefined;
  let remoteId: string | undefined;
  for (let offset = from; offset + 2 <= to; offset += 2 + bytes[offset + 1]!) {
    const end = Math.min(offset + 2 + bytes[offset + 1]!, to);
    if (bytes[offset] === CIRCUIT_ID) circuitId ??= bytes.toString('latin1', offset + 2, end);
    else if (bytes[offset] === REMOTE_ID) remoteId ??= bytes.toString('latin1', offset + 2, end);
  }
  if (circuitId === undefined && remoteId === undefined) return undefined;
  return `${circuitId?.length ?? '-'} ${circuitId ?? ''}${remoteId ?? ''}`;
}

import type { ReceivedDatagram } from '../../net/udp.js';
import { MESSAGE_TYPE, OPTION } from '../../protocol/dhcpv4/codes.js';
import { CHADDR_LENGTH, OFFSET, readUint32 } from '../../protocol/dhcpv4/layout.js';
import { RELAY_AGENT_SUBOPTIONS } from '../../protocol/relay-agent/relay-agent.js';
import type { ListenSettings } from '../settings.js';
import type { IntakeKey } from './intake.js';

const CIRCUIT_ID = RELAY_AGENT_SUBOPTIONS.circuitId.code;
const REMOTE_ID = RELAY_AGENT_SUBOPTIONS.remoteId.code;
const UNICAST = 'unicast';

/**
 * Sorts a datagram before it is decoded, at a small part of that cost. A relay is known by the address that it sends from: what stands
 * in the packet, a client may have written. Never throws, whatever the bytes.
 */
export function intakeKey(datagram: ReceivedDatagram, listen: ListenSettings): IntakeKey {
  const { bytes, source, viaBroadcast, endpoint } = datagram;
  if (bytes.length < OFFSET.options) return { relay: `short ${source}`, port: '', begins: false };
  const isRelayed = readUint32(bytes, OFFSET.giaddr) !== 0;
  const { type, relayAgent } = glance(bytes);
  const begins = type === MESSAGE_TYPE.discover;
  const port = relayAgent && (isRelayed || listen.snooping) ? identityIn(bytes, relayAgent) : undefined;
  if (isRelayed) return { relay: `relay ${source}`, port: port ?? hardwareIn(bytes), begins };
  // Every client renews from its own address: one by one as relays they would outnumber the relays
  if (!viaBroadcast) return { relay: UNICAST, port: port ?? String(source), begins };
  return { relay: `link ${endpoint.address}`, port: port ?? hardwareIn(bytes), begins };
}

function hardwareIn(bytes: Buffer): string {
  return bytes.toString('latin1', OFFSET.chaddr, OFFSET.chaddr + CHADDR_LENGTH);
}

/** Where an option's value begins and ends. */
interface Place {
  readonly from: number;
  readonly to: number;
}

/** The message type, and where the first Option 82 stands; undefined what the packet does not have. */
function glance(bytes: Buffer): { type: number | undefined; relayAgent: Place | undefined } {
  let type: number | undefined;
  let offset: number = OFFSET.options;
  while (offset < bytes.length) {
    const code = bytes[offset]!;
    if (code === OPTION.end) break;
    const end = code === OPTION.pad ? offset + 1 : offset + 2 + (bytes[offset + 1] ?? 0);
    if (code === OPTION.messageType) type ??= bytes[offset + 2];
    if (code === OPTION.relayAgentInformation) {
      return { type, relayAgent: { from: offset + 2, to: Math.min(end, bytes.length) } };
    }
    offset = end;
  }
  return { type, relayAgent: undefined };
}

/** Circuit-id and remote-id alone: others may differ from packet to packet (authentication, RFC 4030) and would make one port look like many. */
function identityIn(bytes: Buffer, { from, to }: Place): string | undefined {
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

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
 * Classifies a datagram without decoding it, at a small part of that cost. A relay is identified by its source address: the giaddr in
 * the packet may be written by a client. Never throws, whatever the bytes.
 */
export function intakeKey(datagram: ReceivedDatagram, listen: ListenSettings): IntakeKey {
  const { bytes, source, viaBroadcast, endpoint } = datagram;
  if (bytes.length < OFFSET.options) return { relay: `short ${source}`, port: '', isDiscover: false };
  const isRelayed = readUint32(bytes, OFFSET.giaddr) !== 0;
  const { type, relayAgent } = scan(bytes);
  const isDiscover = type === MESSAGE_TYPE.discover;
  const port = relayAgent && (isRelayed || listen.snooping) ? identityIn(bytes, relayAgent) : undefined;
  if (isRelayed) return { relay: `relay ${source}`, port: port ?? hardwareIn(bytes), isDiscover };
  // Clients renew from their own addresses. As a relay each, they would outnumber the relays
  if (!viaBroadcast) return { relay: UNICAST, port: port ?? String(source), isDiscover };
  return { relay: `link ${endpoint.address}`, port: port ?? hardwareIn(bytes), isDiscover };
}

function hardwareIn(bytes: Buffer): string {
  return bytes.toString('latin1', OFFSET.chaddr, OFFSET.chaddr + CHADDR_LENGTH);
}

/** Where the value of an option begins and ends. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** The message type and the first Option 82, each undefined if the packet has none. */
function scan(bytes: Buffer): { type: number | undefined; relayAgent: Span | undefined } {
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

/** Circuit-id and remote-id. Other sub-options may differ from packet to packet (authentication, RFC 4030): one port would look like many. */
function identityIn(bytes: Buffer, { from, to }: Span): string | undefined {
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

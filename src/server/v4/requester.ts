import { contains, type Ipv4 } from '../../net/ipv4.js';
import type { ReceivedDatagram } from '../../net/udp.js';
import { OPTION } from '../../protocol/dhcpv4/codes.js';
import { DecodeError } from '../../protocol/dhcpv4/errors.js';
import { type DhcpMessage, decodeMessage } from '../../protocol/dhcpv4/message.js';
import { RELAY_AGENT_SUBOPTIONS, suboption } from '../../protocol/relay-agent/relay-agent.js';
import { type Client, clientKey } from '../leases/lease.js';
import type { Network } from '../leases/network.js';
import type { DropReason } from '../pipeline/counters.js';
import type { ListenSettings, ServerSettings } from '../settings.js';
import { type Drop, drop } from './decision.js';
import type { Topology } from './topology.js';

/** BOOTREQUEST, RFC 2131 section 2. */
const OP_REQUEST = 1;
const MAX_CLIENT_ID = 255;
/** 224.0.0.0. From here on no address belongs to a host. */
const FIRST_MULTICAST = 0xe0000000;

/** A request that may be answered: well formed, with an Option 82 that may be believed, and from a client that can be identified. */
export interface Requester {
  readonly kind: 'requester';
  readonly message: DhcpMessage;
  readonly datagram: ReceivedDatagram;
  readonly listen: ListenSettings;
  /** Option 53. */
  readonly type: number;
  readonly client: Client;
  /** The network that the packet comes from; undefined if it is not configured. */
  readonly network: Network | undefined;
  /** The server identifier of replies, which the client must repeat: the listen address, or the relay's override (RFC 5107). */
  readonly serverId: Ipv4;
  /** True if the relay overrides the server identifier. Even unicast renewals then pass it. */
  readonly overridden: boolean;
}

/** Decodes a datagram and checks whether it may be answered. */
export function readRequester(
  datagram: ReceivedDatagram,
  listen: ListenSettings,
  settings: ServerSettings,
  topology: Topology,
): Requester | Drop {
  let message: DhcpMessage;
  try {
    message = decodeMessage(datagram.bytes);
  } catch (error) {
    if (error instanceof DecodeError) return drop(error.reason);
    throw error;
  }
  const fault = sourceFault(message, datagram, listen, settings) ?? identityFault(message);
  if (fault) return drop(fault);
  const override = overrideOf(message);
  return {
    kind: 'requester',
    message,
    datagram,
    listen,
    type: message.options.get(OPTION.messageType)![0]!,
    client: clientOf(message),
    network: networkOf(message, datagram, topology),
    serverId: override ?? datagram.endpoint.address,
    overridden: override !== undefined,
  };
}

function sourceFault(
  message: DhcpMessage,
  datagram: ReceivedDatagram,
  listen: ListenSettings,
  settings: ServerSettings,
): DropReason | undefined {
  if (message.op !== OP_REQUEST) return 'not-a-request';
  if (message.giaddr >= FIRST_MULTICAST) return 'no-subnet';
  if (message.options.get(OPTION.messageType)?.length !== 1) return 'no-message-type';
  if (message.relayAgent.state === 'absent') return undefined;
  if (message.giaddr === 0) {
    const isBelieved = listen.snooping && (isOnLink(datagram) || isTrusted(settings, datagram.source));
    return isBelieved ? undefined : 'option-82-without-relay';
  }
  return isTrusted(settings, datagram.source) ? undefined : 'option-82-untrusted-relay';
}

/** True if the packet comes from the interface's own link, where a snooping switch is. Anybody can send a routed packet with an Option 82. */
function isOnLink({ viaBroadcast, source, endpoint }: ReceivedDatagram): boolean {
  return viaBroadcast || source === 0 || endpoint.subnets.some((subnet) => contains(subnet, source));
}

/** True if the sender of the packet is a trusted relay. The giaddr inside says nothing: a client can write any. */
function isTrusted(settings: ServerSettings, source: Ipv4): boolean {
  return settings.trustedRelays === 'any' || settings.trustedRelays.some((subnet) => contains(subnet, source));
}

/** Why nobody can be identified as the client. An empty client-id is none. */
function identityFault({ options, chaddr }: DhcpMessage): DropReason | undefined {
  const length = options.get(OPTION.clientIdentifier)?.length ?? 0;
  if (length > MAX_CLIENT_ID) return 'client-id-too-long';
  return length === 0 && chaddr.length === 0 ? 'no-client-identity' : undefined;
}

function clientOf(message: DhcpMessage): Client {
  const id = message.options.get(OPTION.clientIdentifier);
  const clientId = id && id.length > 0 ? id.toString('latin1') : null;
  const hwaddr = message.chaddr.toString('latin1');
  return { client: clientKey(message.htype, hwaddr, clientId), htype: message.htype, hwaddr, clientId };
}

/** The network of the link selection (RFC 3527), else of giaddr, else of ciaddr if the packet came by unicast, else of the interface. */
function networkOf(message: DhcpMessage, datagram: ReceivedDatagram, topology: Topology): Network | undefined {
  const link = addressSuboption(message, RELAY_AGENT_SUBOPTIONS.linkSelection.code);
  if (link !== undefined) return topology.networkOf(link);
  if (message.giaddr !== 0) return topology.networkOf(message.giaddr);
  if (message.ciaddr !== 0 && !datagram.viaBroadcast) return topology.networkOf(message.ciaddr);
  return networkOfInterface(datagram, topology);
}

/** Only for packets from the link itself: a routed packet without giaddr may come from any network. */
function networkOfInterface(datagram: ReceivedDatagram, topology: Topology): Network | undefined {
  if (!isOnLink(datagram)) return undefined;
  const own = topology.networkOf(datagram.endpoint.address);
  if (own) return own;
  for (const subnet of datagram.endpoint.subnets) {
    const network = topology.networkOf(subnet.network);
    if (network) return network;
  }
  return undefined;
}

/** The server identifier that the relay demands (RFC 5107), unless it is no host address. */
function overrideOf(message: DhcpMessage): Ipv4 | undefined {
  const address = addressSuboption(message, RELAY_AGENT_SUBOPTIONS.serverIdentifierOverride.code);
  return address !== undefined && address > 0 && address < FIRST_MULTICAST ? address : undefined;
}

function addressSuboption(message: DhcpMessage, code: number): Ipv4 | undefined {
  const bytes = suboption(message.relayAgent, code);
  return bytes?.length === 4 ? bytes.readUInt32BE(0) : undefined;
}

/** The address in an option; undefined if the option is missing or not 4 bytes long. */
export function addressOption(message: DhcpMessage, code: number): Ipv4 | undefined {
  const bytes = message.options.get(code);
  return bytes?.length === 4 ? bytes.readUInt32BE(0) : undefined;
}

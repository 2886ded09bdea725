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
/** 224.0.0.0: from here on no address is a host's. */
const FIRST_MULTICAST = 0xe0000000;

/** A datagram that may be answered: decoded, believed, and with a client behind it. */
export interface Requester {
  readonly kind: 'requester';
  readonly message: DhcpMessage;
  readonly datagram: ReceivedDatagram;
  readonly listen: ListenSettings;
  /** Option 53. */
  readonly type: number;
  readonly client: Client;
  /** Where the client is plugged in as far as the packet tells, undefined if no configured subnet is there. */
  readonly network: Network | undefined;
  /** What the client is told, and must say, as server identifier: the listen address or its override (RFC 5107). */
  readonly serverId: Ipv4;
  /** True if the relay overrides the server identifier, so that even unicast renewals pass it. */
  readonly overridden: boolean;
}

/** Decodes a datagram and checks whether it may be answered. */
export function readRequester(
  datagram: ReceivedDatagram,
  listen: ListenSettings,
  config: ServerSettings,
  topology: Topology,
): Requester | Drop {
  let message: DhcpMessage;
  try {
    message = decodeMessage(datagram.bytes);
  } catch (error) {
    if (error instanceof DecodeError) return drop(error.reason);
    throw error;
  }
  const fault = sourceFault(message, datagram, listen, config) ?? identityFault(message);
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
  config: ServerSettings,
): DropReason | undefined {
  if (message.op !== OP_REQUEST) return 'not-a-request';
  if (message.giaddr >= FIRST_MULTICAST) return 'no-subnet';
  if (message.options.get(OPTION.messageType)?.length !== 1) return 'no-message-type';
  if (message.relayAgent.state === 'absent') return undefined;
  if (message.giaddr === 0) {
    const isBelieved = listen.snooping && (isOnLink(datagram) || isTrusted(config, datagram.source));
    return isBelieved ? undefined : 'option-82-without-relay';
  }
  return isTrusted(config, datagram.source) ? undefined : 'option-82-untrusted-relay';
}

/**
 * True if the packet comes from the interface's own link. A snooping switch stands there; what is routed from elsewhere may carry an
 * Option 82 that anybody wrote.
 */
function isOnLink({ viaBroadcast, source, endpoint }: ReceivedDatagram): boolean {
  return viaBroadcast || source === 0 || endpoint.subnets.some((subnet) => contains(subnet, source));
}

/**
 * The sender of the packet must be trusted, not the giaddr inside it: a client can write any giaddr into a packet of its own.
 */
function isTrusted(config: ServerSettings, source: Ipv4): boolean {
  return config.trustedRelays === 'any' || config.trustedRelays.some((subnet) => contains(subnet, source));
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

/** Link selection (RFC 3527), else the relay's address, else the client's own, else the interface's subnet. */
function networkOf(message: DhcpMessage, datagram: ReceivedDatagram, topology: Topology): Network | undefined {
  const link = addressSuboption(message, RELAY_AGENT_SUBOPTIONS.linkSelection.code);
  if (link !== undefined) return topology.networkOf(link);
  if (message.giaddr !== 0) return topology.networkOf(message.giaddr);
  if (message.ciaddr !== 0 && !datagram.viaBroadcast) return topology.networkOf(message.ciaddr);
  return networkOfInterface(datagram, topology);
}

/** Only for clients that are attached there: a routed packet without a relay's address tells no network. */
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

/** The server identifier that the relay wants (RFC 5107); one that is no host's address is none. */
function overrideOf(message: DhcpMessage): Ipv4 | undefined {
  const address = addressSuboption(message, RELAY_AGENT_SUBOPTIONS.serverIdentifierOverride.code);
  return address !== undefined && address > 0 && address < FIRST_MULTICAST ? address : undefined;
}

function addressSuboption(message: DhcpMessage, code: number): Ipv4 | undefined {
  const bytes = suboption(message.relayAgent, code);
  return bytes?.length === 4 ? bytes.readUInt32BE(0) : undefined;
}

/** An option of four bytes as address, undefined if it is missing or of another length. */
export function addressOption(message: DhcpMessage, code: number): Ipv4 | undefined {
  const bytes = message.options.get(code);
  return bytes?.length === 4 ? bytes.readUInt32BE(0) : undefined;
}

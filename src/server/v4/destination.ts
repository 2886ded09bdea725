import type { Ipv4 } from '../../net/ipv4.js';
import { BROADCAST_FLAG } from '../../protocol/dhcpv4/layout.js';
import { RELAY_AGENT_SUBOPTIONS } from '../../protocol/relay-agent/relay-agent.js';
import type { ReplyPlan } from './decision.js';
import type { Requester } from './requester.js';

/** Where a reply goes. */
export type Destination =
  | { way: 'address'; address: Ipv4; port: number }
  | { way: 'broadcast' }
  | { way: 'link'; yiaddr: Ipv4; htype: number; hwaddr: Uint8Array };

/** Where RFC 2131 section 4.1 sends the reply. To the relay's source port if the relay asks for that (RFC 8357). */
export function destinationOf(requester: Requester, plan: ReplyPlan): Destination {
  const { message, datagram, listen } = requester;
  if (message.giaddr !== 0) {
    const port = asksForSourcePort(requester) ? datagram.sourcePort : listen.relayPort;
    return { way: 'address', address: message.giaddr, port };
  }
  if (plan.type === 'nak') return { way: 'broadcast' };
  if (message.ciaddr !== 0) return { way: 'address', address: message.ciaddr, port: listen.clientPort };
  if (plan.yiaddr === 0) return { way: 'address', address: datagram.source, port: listen.clientPort };
  if ((message.flags & BROADCAST_FLAG) !== 0 || message.chaddr.length === 0) return { way: 'broadcast' };
  return { way: 'link', yiaddr: plan.yiaddr, htype: message.htype, hwaddr: message.chaddr };
}

function asksForSourcePort({ message }: Requester): boolean {
  const { relayAgent } = message;
  return relayAgent.state === 'present' && relayAgent.suboptions.has(RELAY_AGENT_SUBOPTIONS.relaySourcePort.code);
}

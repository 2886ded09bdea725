import { netmask } from '../../net/ipv4.js';
import { MESSAGE_TYPE, OPTION } from '../../protocol/dhcpv4/codes.js';
import { type EncodedMessage, encodeMessage, type OutgoingMessage } from '../../protocol/dhcpv4/encode.js';
import { BROADCAST_FLAG } from '../../protocol/dhcpv4/layout.js';
import type { ReplyPlan } from './decision.js';
import { rebindingSeconds, renewalSeconds } from './lease-time.js';
import { messageBytesLimit } from './message-size.js';
import type { Requester } from './requester.js';
import type { Scope } from './topology.js';

const OP_REPLY = 2;
type Options = [number, Uint8Array][];

/** Encodes a reply: header and options by RFC 2131 table 3, Option 82 echoed (RFC 3046 section 2.2). */
export function encodeReply(requester: Requester, plan: ReplyPlan): EncodedMessage {
  const { message } = requester;
  const { scope } = plan;
  const outgoing: OutgoingMessage = {
    op: OP_REPLY,
    htype: message.htype,
    hlen: message.hlen,
    hops: 0,
    xid: message.xid,
    secs: 0,
    flags: flagsOf(requester, plan),
    ciaddr: plan.type === 'ack' ? message.ciaddr : 0,
    yiaddr: plan.yiaddr,
    siaddr: scope?.boot.nextServer ?? 0,
    giaddr: message.giaddr,
    chaddr: message.chaddr,
    sname: text(scope?.boot.serverName),
    file: text(scope?.boot.bootFile),
    options: plan.type === 'nak' ? nakOptions(requester, plan) : grantOptions(requester, plan, scope!),
    relayAgent: message.relayAgent,
  };
  return encodeMessage(outgoing, messageBytesLimit(message));
}

/** Makes a relay broadcast a NAK, as the client may have no valid address (RFC 2131 section 4.3.2). */
function flagsOf({ message }: Requester, plan: ReplyPlan): number {
  return plan.type === 'nak' && message.giaddr !== 0 ? message.flags | BROADCAST_FLAG : message.flags;
}

function nakOptions(requester: Requester, plan: ReplyPlan): Options {
  return [...leadingOptions(requester, plan), [OPTION.message, text(plan.reason)]];
}

function grantOptions(requester: Requester, plan: ReplyPlan, scope: Scope): Options {
  const options = leadingOptions(requester, plan);
  if (plan.leaseSeconds !== undefined) options.push(...timeOptions(plan.leaseSeconds, scope));
  options.push([OPTION.subnetMask, uint32(netmask(scope.subnet.subnet.prefix))]);
  for (const code of wantedCodes(requester, scope)) {
    const value = code === OPTION.hostName && scope.hostname ? text(scope.hostname) : scope.options.get(code);
    if (value) options.push([code, value]);
  }
  return options;
}

/** The message type comes first: some clients expect that. The client identifier is echoed (RFC 6842). */
function leadingOptions({ message, serverId }: Requester, plan: ReplyPlan): Options {
  const options: Options = [
    [OPTION.messageType, Uint8Array.of(MESSAGE_TYPE[plan.type])],
    [OPTION.serverIdentifier, uint32(serverId)],
  ];
  const clientId = message.options.get(OPTION.clientIdentifier);
  if (clientId) options.push([OPTION.clientIdentifier, clientId]);
  return options;
}

function timeOptions(seconds: number, scope: Scope): Options {
  return [
    [OPTION.leaseTime, uint32(seconds)],
    [OPTION.renewalTime, uint32(renewalSeconds(seconds, scope.leases))],
    [OPTION.rebindingTime, uint32(rebindingSeconds(seconds, scope.leases))],
  ];
}

/** The options that the client requests (option 55), in its order; without that list all configured ones. */
function wantedCodes({ message }: Requester, scope: Scope): Iterable<number> {
  const requested = message.options.get(OPTION.parameterRequestList);
  const codes = requested ? new Set(requested) : new Set([...scope.options.keys(), OPTION.hostName]);
  codes.delete(OPTION.subnetMask);
  return codes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function text(value: string | undefined): Buffer {
  return Buffer.from(value ?? '', 'utf8');
}

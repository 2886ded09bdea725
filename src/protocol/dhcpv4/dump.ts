import { formatHardwareAddress } from '../../base/hardware-address.js';
import { escapeBytes, toHex, toText } from '../../base/text.js';
import { formatIpv4 } from '../../net/ipv4.js';
import { type RelayAgent, suboptionByCode } from '../relay-agent/relay-agent.js';
import { messageTypeName, OPTION } from './codes.js';
import { BROADCAST_FLAG } from './layout.js';
import type { DhcpMessage } from './message.js';
import type { OptionDefinition, OptionValue } from './option-type.js';
import { decodeOptionValue } from './option-value.js';
import { OptionRegistry } from './options.js';

/** Longest text of one value in a line. An option can have 64 KB; a log line must not. */
const SHOWN_LENGTH = 160;

const STANDARD = new OptionRegistry();

/** A message as one log line of printable ASCII. All that a client sent is quoted and escaped, so that it cannot look like another field. */
export function describeMessage(message: DhcpMessage, registry: OptionRegistry = STANDARD): string {
  const parts = [
    messageTypeName(typeOf(message)),
    `xid=0x${message.xid.toString(16).padStart(8, '0')}`,
    `chaddr=${describeHardware(message)}`,
    ...(message.hops > 0 ? [`hops=${message.hops}`] : []),
    ...(message.secs > 0 ? [`secs=${message.secs}`] : []),
    ...((message.flags & BROADCAST_FLAG) !== 0 ? ['broadcast'] : []),
  ];
  for (const field of ['ciaddr', 'yiaddr', 'siaddr', 'giaddr'] as const) {
    if (message[field] !== 0) parts.push(`${field}=${formatIpv4(message[field])}`);
  }
  for (const field of ['sname', 'file'] as const) {
    const text = upToNul(message[field]);
    if (text.length > 0) parts.push(`${field}=${quote(escapeBytes(text))}`);
  }
  for (const [code, value] of message.options) {
    if (code !== OPTION.messageType) parts.push(describeOption(code, value, registry));
  }
  if (message.relayAgent.state !== 'absent') parts.push(describeRelayAgent(message.relayAgent));
  return parts.join(' ');
}

/** `host-name="pc-1"`: name and value of an option; one without a name as `option-222`, a value that does not fit its type as hex. */
export function describeOption(code: number, value: Uint8Array, registry: OptionRegistry = STANDARD): string {
  const definition = registry.byCode(code);
  return `${definition?.name ?? `option-${code}`}=${describeValue(definition, value)}`;
}

/** `relay-agent{circuit-id="Gi1/0/1" remote-id=0x00...}`, with the reason and the bytes if it is malformed. */
export function describeRelayAgent(relayAgent: RelayAgent): string {
  switch (relayAgent.state) {
    case 'absent':
      return 'relay-agent{}';
    case 'malformed':
      return `relay-agent{malformed=${relayAgent.reason} payload=${shorten(toHex(relayAgent.payload))}}`;
    case 'present': {
      const parts = [...relayAgent.suboptions].map(([code, value]) => {
        const definition = suboptionByCode(code);
        return `${definition?.name ?? `suboption-${code}`}=${describeValue(definition, value)}`;
      });
      return `relay-agent{${parts.join(' ')}}`;
    }
  }
}

function typeOf(message: DhcpMessage): number | undefined {
  return message.options.get(OPTION.messageType)?.[0];
}

function describeHardware({ htype, chaddr }: DhcpMessage): string {
  if (chaddr.length === 0) return `${htype}/none`;
  const text = formatHardwareAddress(chaddr);
  return htype === 1 && chaddr.length === 6 ? text : `${htype}/${text}`;
}

function upToNul(field: Buffer): Buffer {
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

function describeValue(definition: OptionDefinition | undefined, value: Uint8Array): string {
  if (!definition) {
    const text = toText(value);
    return text.startsWith('0x') ? shorten(text) : quote(text);
  }
  try {
    return render(decodeOptionValue(definition, value));
  } catch {
    return shorten(toHex(value));
  }
}

function render(value: OptionValue): string {
  if (Array.isArray(value)) return shorten(`[${value.map(render).join(',')}]`);
  if (typeof value !== 'string') return String(value);
  return BARE.test(value) ? shorten(value) : quote(escapeBytes(Buffer.from(value, 'utf8')));
}

/** Addresses, networks and hex. They need no quotes. */
const BARE = /^(0x[0-9a-f]*|[0-9.]+(\/\d+)?)$/;

function quote(escaped: string): string {
  return `"${shorten(escaped.replaceAll('"', '\\x22'))}"`;
}

function shorten(text: string): string {
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}...(${text.length} characters)`;
}

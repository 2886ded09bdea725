import { clientFqdnName } from '../../protocol/dhcpv4/client-fqdn.js';
import { OPTION } from '../../protocol/dhcpv4/codes.js';
import type { DhcpMessage } from '../../protocol/dhcpv4/message.js';

/** Bytes of a text option that an event keeps. No honest client sends more. */
const MAX_TEXT = 255;

/** The client's name: option 12, else the name in option 81 (RFC 4702 section 2), latin1. */
export function hostnameOf(message: DhcpMessage): string | null {
  const fqdn = message.options.get(OPTION.clientFqdn);
  const name = message.options.get(OPTION.hostName) ?? (fqdn && clientFqdnName(fqdn));
  return name && name.length > 0 ? name.subarray(0, MAX_TEXT).toString('latin1') : null;
}

/** The first 255 bytes of an option; null without the option or without a message. */
export function textOption(message: DhcpMessage | null, code: number): Uint8Array | null {
  return message?.options.get(code)?.subarray(0, MAX_TEXT) ?? null;
}

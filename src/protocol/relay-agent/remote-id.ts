import { type EthernetNotation, formatHardwareAddress, readEthernetAddress } from '../../base/hardware-address.js';
import { toText } from '../../base/text.js';
import { readString } from './layout.js';
import { profileOf, type RemoteForm } from './profiles.js';

/** Fields of a switch in a remote-id; one of them is set. */
export interface SwitchFields {
  /** `00:11:22:aa:bb:cc`. */
  mac?: string;
  /** IPv4 address, dotted decimal. */
  ip?: string;
  /** A name or any other text. */
  text?: string;
}

/** Notations in which switches send their address as text. */
const NOTATIONS: readonly EthernetNotation[] = ['pairs', 'dotted', 'dashed', 'digits'];

const READERS: Record<RemoteForm, (bytes: Uint8Array) => SwitchFields | undefined> = {
  'mac-header': (bytes) =>
    bytes.length === 8 && bytes[0] === 0 && bytes[1] === 6
      ? { mac: formatHardwareAddress(bytes.subarray(2)) }
      : undefined,
  'text-header': (bytes) => textFields(readString(bytes, 1)),
  mac: (bytes) => (bytes.length === 6 ? { mac: formatHardwareAddress(bytes) } : undefined),
  ip: (bytes) => (bytes.length === 4 ? { ip: bytes.join('.') } : undefined),
  'mac-text': (bytes) => {
    const address = readEthernetAddress(readString(bytes) ?? '', NOTATIONS);
    return address && { mac: formatHardwareAddress(address) };
  },
  text: (bytes) => textFields(readString(bytes)),
};

/** Decodes a remote-id by the profile of this name; undefined if the bytes do not fit it or there is no such profile. */
export function decodeRemoteId(profile: string | null | undefined, remoteId: Uint8Array): SwitchFields | undefined {
  for (const form of profileOf(profile)?.remoteId ?? []) {
    const fields = READERS[form](remoteId);
    if (fields) return fields;
  }
  return undefined;
}

/** Display name of a switch in printable ASCII: decoded by the profile if the bytes fit, else their text, else `0x` + hex. */
export function switchName(profile: string | null | undefined, remoteId: Uint8Array): string {
  const fields = decodeRemoteId(profile, remoteId);
  return fields?.text ?? fields?.mac ?? fields?.ip ?? toText(remoteId);
}

function textFields(text: string | undefined): SwitchFields | undefined {
  return text === undefined ? undefined : { text };
}

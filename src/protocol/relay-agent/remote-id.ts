import { toText } from '../../base/bytes.js';
import { formatMac, readString } from './layout.js';
import { profileOf, type RemoteForm } from './profiles.js';

/** What a remote-id says about the switch. */
export interface SwitchFields {
  /** `00:11:22:aa:bb:cc`. */
  mac?: string;
  /** IPv4 address, dotted decimal. */
  ip?: string;
  /** A name or any other text. */
  text?: string;
}

const HEX_MAC =
  /^(?:[0-9a-f]{12}|[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|[0-9a-f]{4}([.-])[0-9a-f]{4}\2[0-9a-f]{4})$/i;

const READERS: Record<RemoteForm, (bytes: Uint8Array) => SwitchFields | undefined> = {
  'mac-header': (bytes) =>
    bytes.length === 8 && bytes[0] === 0 && bytes[1] === 6 ? { mac: formatMac(bytes.subarray(2)) } : undefined,
  'text-header': (bytes) => textFields(readString(bytes, 1)),
  mac: (bytes) => (bytes.length === 6 ? { mac: formatMac(bytes) } : undefined),
  ip: (bytes) => (bytes.length === 4 ? { ip: bytes.join('.') } : undefined),
  'mac-text': (bytes) => {
    const text = readString(bytes);
    return text && HEX_MAC.test(text)
      ? { mac: formatMac(Buffer.from(text.replaceAll(/[:.-]/g, ''), 'hex')) }
      : undefined;
  },
  text: (bytes) => textFields(readString(bytes)),
};

/** What the remote-id says about the switch, read by the profile of that name; undefined if the bytes do not fit it. */
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

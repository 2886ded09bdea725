import { toText } from '../../base/text.js';
import { fillName, type Layout, type PortFields, readLayout } from './layout.js';
import { profileOf } from './profiles.js';

/**
 * Decodes a circuit-id by the profile of this name; undefined if the bytes do not fit it or there is no such profile. The result is only
 * for display: the bytes identify the port.
 */
export function decodeCircuitId(profile: string | null | undefined, circuitId: Uint8Array): PortFields | undefined {
  return findLayout(profile, circuitId)?.fields;
}

/** Display name of a port in printable ASCII: decoded by the profile if the bytes fit, else their text, else `0x` + hex. */
export function portName(profile: string | null | undefined, circuitId: Uint8Array): string {
  const fitted = findLayout(profile, circuitId);
  const name = fitted && fillName(fitted.layout.name, fitted.fields);
  // A decoded text that looks like hex could be taken for the raw bytes of another port.
  return name && !name.startsWith('0x') ? name : toText(circuitId);
}

function findLayout(
  profile: string | null | undefined,
  circuitId: Uint8Array,
): { layout: Layout; fields: PortFields } | undefined {
  for (const layout of profileOf(profile)?.circuitId ?? []) {
    const fields = readLayout(layout, circuitId);
    if (fields) return { layout, fields };
  }
  return undefined;
}

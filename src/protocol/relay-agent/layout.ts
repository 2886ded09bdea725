import { formatHardwareAddress } from '../../base/hardware-address.js';
import { isPrintable } from '../../base/text.js';

/** Fields of a port in a circuit-id. Numbers are as in the vendor's own command line. */
export interface PortFields {
  /** VLAN of the port; the outer (service) one if there are two. 0-4095. */
  vlan?: number;
  /** The inner (customer) VLAN. 0-4095. */
  innerVlan?: number;
  chassis?: number;
  slot?: number;
  subslot?: number;
  /** Module, stack member or unit. */
  module?: number;
  port?: number;
  /** Logical link of an EPON port. */
  llid?: number;
  ifIndex?: number;
  /** ATM virtual path and channel. */
  vpi?: number;
  vci?: number;
  /** The device behind a cable line: the modem itself or equipment behind it. */
  device?: 'modem' | 'cpe';
  /** Name of an interface, as the switch writes it. */
  interface?: string;
  /** Name of the VLAN, where the switch writes that instead of its number. */
  vlanName?: string;
  /** Name of the switch or access node inside the circuit-id. */
  host?: string;
  /** Service or access-point name inside the circuit-id. */
  service?: string;
  /** MAC address inside the circuit-id, `00:11:22:aa:bb:cc`. */
  mac?: string;
}

type NumberField = {
  [F in keyof Required<PortFields>]: Required<PortFields>[F] extends number ? F : never;
}[keyof PortFields];

/** One field of a binary layout, most significant bit first. */
export type BitField =
  | { readonly field: NumberField; readonly bits: number; readonly add?: number; readonly min?: number }
  | { readonly field: 'mac'; readonly bits: 48 }
  | { readonly field: 'device'; readonly bits: 1 }
  | { readonly fixed: number; readonly bits: number };

/** A circuit-id of fixed length. */
export interface BinaryLayout {
  readonly form: 'binary';
  /** Text before the binary part ends with this character (`sw-a-` + 4 bytes). */
  readonly hostEndsWith?: string;
  readonly fields: readonly BitField[];
  /** Display name, `{field}` stands for a decoded field. */
  readonly name: string;
}

/** A circuit-id of printable ASCII; a trailing NUL is not part of it. */
export interface TextLayout {
  readonly form: 'text';
  /** Type octet of an inner header `TYPE LENGTH` before the text; none if left out. */
  readonly header?: number;
  /** Named groups are fields. Anchored, without nested repetition: the text comes from the network. */
  readonly pattern: RegExp;
  readonly name: string;
}

export type Layout = BinaryLayout | TextLayout;

const TEXT_FIELDS: ReadonlySet<string> = new Set(['interface', 'vlanName', 'host', 'service', 'mac', 'device']);
const MAX_VLAN = 4095;
/** Broadband Forum and China Telecom strings write 4096 where there is no VLAN. */
const NO_VLAN = 4096;

/** The fields of a circuit-id read by a layout; undefined if the bytes do not fit it. */
export function readLayout(layout: Layout, bytes: Uint8Array): PortFields | undefined {
  return layout.form === 'binary' ? readBinary(layout, bytes) : readText(layout, bytes);
}

/** Puts decoded fields into a display name. */
export function fillName(template: string, fields: PortFields): string {
  return template.replace(/\{(\w+)\}/g, (_, field: string) => String(fields[field as keyof PortFields] ?? ''));
}

/** The printable text, behind the inner header if one is given; undefined if the bytes are not such a text. */
export function readString(bytes: Uint8Array, header?: number): string | undefined {
  let text = bytes;
  if (header !== undefined) {
    if (bytes[0] !== header || bytes[1] !== bytes.length - 2) return undefined;
    text = bytes.subarray(2);
  }
  if (text.at(-1) === 0) text = text.subarray(0, -1);
  return isPrintable(text) ? Buffer.from(text).toString('latin1') : undefined;
}

function readText(layout: TextLayout, bytes: Uint8Array): PortFields | undefined {
  const text = readString(bytes, layout.header);
  const match = text === undefined ? null : layout.pattern.exec(text);
  if (!match) return undefined;
  const fields: Record<string, string | number> = {};
  for (const [field, value] of Object.entries(match.groups ?? {})) {
    if (value === undefined) continue;
    if (TEXT_FIELDS.has(field)) fields[field] = value;
    else if (!isVlan(field) || Number(value) !== NO_VLAN) fields[field] = Number(value);
    if (isVlan(field) && Number(value) > NO_VLAN) return undefined;
  }
  return fields;
}

function readBinary(layout: BinaryLayout, bytes: Uint8Array): PortFields | undefined {
  const length = layout.fields.reduce((bits, field) => bits + field.bits, 0) / 8;
  const start = bytes.length - length;
  const fields: Record<string, string | number> = {};
  if (layout.hostEndsWith === undefined) {
    if (start !== 0) return undefined;
  } else {
    const host = start > 0 ? readString(bytes.subarray(0, start)) : undefined;
    if (!host?.endsWith(layout.hostEndsWith) || host.length === 1) return undefined;
    fields.host = host.slice(0, -1);
  }
  let bit = start * 8;
  for (const spec of layout.fields) {
    const raw = readBits(bytes, bit, spec.bits);
    if (!putField(fields, spec, raw)) return undefined;
    bit += spec.bits;
  }
  return fields;
}

function putField(fields: Record<string, string | number>, spec: BitField, raw: number): boolean {
  if ('fixed' in spec) return raw === spec.fixed;
  if (spec.field === 'mac') {
    fields.mac = formatHardwareAddress(Buffer.from(raw.toString(16).padStart(12, '0'), 'hex'));
  } else if (spec.field === 'device') {
    fields.device = raw === 1 ? 'modem' : 'cpe';
  } else {
    const value = raw + (spec.add ?? 0);
    if (value < (spec.min ?? 0) || (isVlan(spec.field) && value > MAX_VLAN)) return false;
    fields[spec.field] = value;
  }
  return true;
}

function isVlan(field: string): boolean {
  return field === 'vlan' || field === 'innerVlan';
}

/** An unsigned number of up to 53 bits, most significant bit first. */
function readBits(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let bit = from; bit < from + count; bit++) value = value * 2 + ((bytes[bit >> 3]! >> (7 - (bit & 7))) & 1);
  return value;
}

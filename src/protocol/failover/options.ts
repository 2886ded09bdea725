/** The form of a value: a number of 1, 2 or 4 octets in network order, an IPv4 address, text without NUL, or octets. */
type Kind = 'u8' | 'u16' | 'u32' | 'address' | 'text' | 'octets';

interface OptionDefinition {
  readonly code: number;
  readonly kind: Kind;
  /** Number of octets, if it is fixed and `kind` does not say it. */
  readonly length?: number;
}

/** Code of this project's own option; see portledger-lease.ts. dhcpd skips all codes from 30 on. */
export const OWN_OPTION_CODE = 224;

/** The options with dhcpd's codes, which follow the draft's alphabetical list. */
export const OPTIONS = {
  'addresses-transferred': { code: 1, kind: 'u32' },
  'assigned-IP-address': { code: 2, kind: 'address' },
  'binding-status': { code: 3, kind: 'u8' },
  'client-identifier': { code: 4, kind: 'octets' },
  'client-hardware-address': { code: 5, kind: 'octets' },
  'client-last-transaction-time': { code: 6, kind: 'u32' },
  'client-reply-options': { code: 7, kind: 'octets' },
  'client-request-options': { code: 8, kind: 'octets' },
  DDNS: { code: 9, kind: 'octets' },
  'delayed-service-parameter': { code: 10, kind: 'u8' },
  'hash-bucket-assignment': { code: 11, kind: 'octets', length: 32 },
  // One octet in the draft's figure; dhcpd has two
  'IP-flags': { code: 12, kind: 'u16' },
  'lease-expiration-time': { code: 13, kind: 'u32' },
  'max-unacked-bndupd': { code: 14, kind: 'u32' },
  MCLT: { code: 15, kind: 'u32' },
  message: { code: 16, kind: 'text' },
  'message-digest': { code: 17, kind: 'octets' },
  'potential-expiration-time': { code: 18, kind: 'u32' },
  'receive-timer': { code: 19, kind: 'u32' },
  'protocol-version': { code: 20, kind: 'u8' },
  'reject-reason': { code: 21, kind: 'u8' },
  'relationship-name': { code: 22, kind: 'text' },
  'server-flags': { code: 23, kind: 'u8' },
  'server-state': { code: 24, kind: 'u8' },
  'start-time-of-state': { code: 25, kind: 'u32' },
  'TLS-reply': { code: 26, kind: 'u8' },
  'TLS-request': { code: 27, kind: 'u8' },
  'vendor-class-identifier': { code: 28, kind: 'text' },
  'vendor-specific-options': { code: 29, kind: 'octets' },
  'portledger-lease': { code: OWN_OPTION_CODE, kind: 'octets' },
} as const satisfies Record<string, OptionDefinition>;

export type OptionName = keyof typeof OPTIONS;
type ValueOf<K extends Kind> = K extends 'text' ? string : K extends 'octets' ? Buffer : number;

/** The options of a message by name; text is latin1. */
export type OptionValues = { -readonly [N in OptionName]?: ValueOf<(typeof OPTIONS)[N]['kind']> };

const FIXED_LENGTH = { u8: 1, u16: 2, u32: 4, address: 4, text: undefined, octets: undefined } as const;

const BY_CODE = new Map<number, OptionName>(
  Object.entries(OPTIONS).map(([name, { code }]) => [code, name as OptionName]),
);

/** The option with this code; undefined if there is none (such options are skipped). */
export function optionOf(code: number): OptionName | undefined {
  return BY_CODE.get(code);
}

/** Octets of a value of this option; undefined if any number is allowed. */
export function lengthOf(name: OptionName): number | undefined {
  const definition: OptionDefinition = OPTIONS[name];
  return definition.length ?? FIXED_LENGTH[definition.kind];
}

/** Decodes a value whose length was checked. */
export function readValue(name: OptionName, bytes: Buffer): number | string | Buffer {
  switch (OPTIONS[name].kind) {
    case 'u8':
    case 'u16':
    case 'u32':
    case 'address':
      return bytes.readUIntBE(0, bytes.length);
    case 'text':
      return bytes.toString('latin1');
    default:
      return Buffer.from(bytes);
  }
}

/** Encodes a value. */
export function writeValue(name: OptionName, value: number | string | Buffer): Buffer {
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  if (typeof value !== 'number') return value;
  const bytes = Buffer.alloc(lengthOf(name)!);
  bytes.writeUIntBE(value, 0, bytes.length);
  return bytes;
}

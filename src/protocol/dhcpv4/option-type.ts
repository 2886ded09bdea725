/** A type that is not composed of others, by its name in the configuration. */
export const ATOM_NAMES = [
  'ip-address',
  'ipv6-address',
  'ip-prefix',
  'unsigned integer 8',
  'unsigned integer 16',
  'unsigned integer 32',
  'signed integer 8',
  'signed integer 16',
  'signed integer 32',
  'boolean',
  'text',
  'string',
  'hex string',
  'fqdn',
  'domain-list',
  'sip-servers',
  'empty',
] as const;
export type AtomName = (typeof ATOM_NAMES)[number];

/** How the bytes of an option are read. `counted`: a value behind its length in 1 or 2 bytes. */
export type OptionType =
  | { readonly kind: 'atom'; readonly atom: AtomName }
  | { readonly kind: 'array'; readonly of: OptionType }
  | { readonly kind: 'record'; readonly fields: readonly OptionType[] }
  | { readonly kind: 'counted'; readonly lengthBytes: 1 | 2; readonly of: OptionType };

/** One option: standard, user-defined, or a sub-option of Option 82. */
export interface OptionDefinition {
  readonly name: string;
  /** 1-254. */
  readonly code: number;
  readonly type: OptionType;
  /** Number of the RFC that defines it; none for those of vendors and users. */
  readonly rfc?: number;
  /** Other names in use: of Kea, of IANA, of older handbooks. */
  readonly aliases?: readonly string[];
  /** True if the server itself sets this option, so that a configuration must not. */
  readonly protocol?: true;
}

/** An option value for display, as JSON. */
export type OptionValue = string | number | boolean | OptionValue[];

/** The type in the words of the configuration. */
export function formatOptionType(type: OptionType): string {
  switch (type.kind) {
    case 'atom':
      return type.atom;
    case 'array':
      return `array of ${formatOptionType(type.of)}`;
    case 'record':
      return `{ ${type.fields.map(formatOptionType).join(', ')} }`;
    case 'counted':
      return `counted${type.lengthBytes === 2 ? '16' : ''} ${formatOptionType(type.of)}`;
  }
}

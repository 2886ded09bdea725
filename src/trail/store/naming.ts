import { createHash } from 'node:crypto';
import { toHex, toText } from '../../base/text.js';
import { portName } from '../../protocol/relay-agent/decode.js';
import { switchName } from '../../protocol/relay-agent/remote-id.js';
import type { SwitchIdentity, SwitchKind } from '../sightings/identity.js';

/**
 * The names of switches and ports in the trail. Names are for display, never identity. Where the configuration neither names nor
 * decodes a switch or port, its name is the text of its bytes.
 */
export interface Naming {
  /** Differs whenever any name could differ; up to 64 ASCII characters. */
  readonly fingerprint: string;
  /** Null if the switch has no bytes to name it by. */
  switchName(identity: SwitchIdentity): string | null;
  portName(identity: SwitchIdentity, circuitId: Buffer | null): string | null;
}

/** A switch that the configuration knows. */
export interface KnownSwitch {
  readonly id: { readonly by: Exclude<SwitchKind, 'direct'>; readonly value: Uint8Array };
  readonly name?: string | undefined;
  readonly profile?: string | undefined;
}

/** Raise this when a profile decodes bytes into another name than before: the names are then made again. */
const VERSION = 2;

/**
 * Names by the configured switches: their name, their profile's decoding, else printable text, else `0x` + hex. Also hex where
 * the text is the name of a configured switch: another switch that sends that text must not get its name.
 */
export function namingOf(switches: readonly KnownSwitch[]): Naming {
  const given = new Set(switches.map(({ name }) => name));
  const known = new Map(switches.map((one) => [keyOf(one.id.by, one.id.value), one]));
  const find = (identity: SwitchIdentity): KnownSwitch | undefined => known.get(keyOf(identity.kind, identity.value));
  return {
    fingerprint: fingerprintOf(switches),
    switchName(identity) {
      const found = find(identity);
      if (found?.name !== undefined) return found.name;
      if (identity.kind === 'direct') return null;
      const text = identity.kind === 'remote-id' ? switchName(found?.profile, identity.value) : toText(identity.value);
      return given.has(text) ? toHex(identity.value) : text;
    },
    portName: (identity, circuitId) => circuitId && portName(find(identity)?.profile, circuitId),
  };
}

/** Text of the bytes alone. */
export const PLAIN_NAMING: Naming = namingOf([]);

function fingerprintOf(switches: readonly KnownSwitch[]): string {
  const lines = switches.map((one) => JSON.stringify([keyOf(one.id.by, one.id.value), one.name, one.profile]));
  return createHash('sha256')
    .update([VERSION, ...lines.sort()].join('\n'))
    .digest('hex');
}

function keyOf(kind: SwitchKind, value: Uint8Array): string {
  return `${kind}/${Buffer.from(value).toString('hex')}`;
}

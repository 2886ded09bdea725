import { toText } from '../base/bytes.js';
import type { SwitchIdentity } from './identity.js';

/**
 * How switches and ports are called in the trail. Names are a way to show, never identity; where the configuration
 * names or decodes nothing they are the text of the bytes.
 */
export interface Naming {
  /** Changes whenever any name could come out differently; up to 64 ASCII characters. */
  readonly fingerprint: string;
  /** Up to 512 characters, null if there is nothing to call it by. */
  switchName(identity: SwitchIdentity): string | null;
  portName(identity: SwitchIdentity, circuitId: Buffer | null): string | null;
}

/** Printable text, else `0x` + hex. */
export const PLAIN_NAMING: Naming = {
  fingerprint: 'plain-1',
  switchName: (identity) => (identity.kind === 'direct' ? null : toText(identity.value)),
  portName: (_identity, circuitId) => circuitId && toText(circuitId),
};

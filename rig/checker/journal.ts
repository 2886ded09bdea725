import type { Socket } from '../roles/patch-panel.js';

/** An entry of the permuter's log: a client's request, and the port where the client was plugged in. */
export interface Passage {
  /** Microseconds since 1970. */
  readonly at: number;
  readonly client: number;
  readonly socket: Socket;
  /** Hex digits. */
  readonly xid: string;
}

/** A fault that the rig caused. Microseconds since 1970, by the clock that never steps. */
interface Deed {
  /** When it held at the latest; of pauses and steps of a clock: at the earliest. */
  readonly at: number;
  /** When its undoing began. */
  readonly undone: number;
  /** When all was as before at the latest. */
  readonly until: number;
}

/** The same, done to one server: `dhcp-a`. */
interface ServerDeed extends Deed {
  readonly server: string;
}

export type Fault =
  | (ServerDeed & { readonly kind: 'server-killed' })
  /** `held`: when it held at the latest. */
  | (ServerDeed & { readonly kind: 'server-paused'; readonly held: number })
  | (ServerDeed & { readonly kind: 'network-cut' })
  | (ServerDeed & { readonly kind: 'clock-stepped'; readonly seconds: number })
  | (ServerDeed & { readonly kind: 'shipper-killed' | 'shipper-paused' })
  | (Deed & { readonly kind: 'logger-killed' | 'logger-paused' | 'pair-parted' });

/** Reads the permuter's log; lines of another kind are its own remarks. */
export function parsePassages(log: string): Passage[] {
  return log.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    const entry = JSON.parse(line) as Partial<Passage>;
    return entry.xid === undefined ? [] : [entry as Passage];
  });
}

/** The hardware address of a client's network card. */
export function macOfClient(client: number): string {
  return `02:00:00:00:00:${client.toString(16).padStart(2, '0')}`;
}

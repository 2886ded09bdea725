import type { Namespace } from '../../rig/lab/netns.js';
import type { Program } from '../../rig/lab/program.js';
import { programPath } from '../../rig/lab/requirements.js';

/** What dhcrelay does with a packet that already has Option 82. */
export type RelayMode = 'append' | 'replace' | 'forward' | 'discard';

export interface RelayOptions {
  /** Interfaces towards the clients, and towards the servers. */
  down: string[];
  up: string[];
  servers: string[];
  /** Adds Option 82; its circuit-id is the name of the interface towards the client. */
  addOption82?: boolean;
  mode?: RelayMode;
  /** Puts this interface's address into giaddr and names the client's network by link selection (`-U`). */
  linkSelectionFrom?: string;
}

/** Starts ISC dhcrelay and waits until it listens. Its interfaces must be up. */
export async function startDhcrelay(host: Namespace, options: RelayOptions): Promise<Program> {
  // If -U and -iu name the same interface, dhcrelay 4.4.3 crashes at the first packet.
  const up = options.up.filter((device) => device !== options.linkSelectionFrom);
  const program = host.start([
    programPath('dhcrelay')!,
    '-4',
    '-d',
    '--no-pid',
    ...(options.addOption82 ? ['-a'] : []),
    ...(options.linkSelectionFrom ? ['-U', options.linkSelectionFrom] : []),
    ...(options.mode ? ['-m', options.mode] : []),
    ...options.down.flatMap((device) => ['-id', device]),
    ...up.flatMap((device) => ['-iu', device]),
    ...options.servers,
  ]);
  await program.waitFor(/Sending on\s+Socket\/fallback/);
  return program;
}

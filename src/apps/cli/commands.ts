import type { Command } from 'commander';

/** A command of `portledger`. Its module is loaded only when it runs or shows its help: that keeps every start short. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Adds arguments, options, sub-commands and the action. */
  readonly load: () => Promise<{ register: (command: Command) => void }>;
}

/** All commands in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'run the DHCP server (SIGTERM stops it, SIGHUP re-reads the configuration)',
    load: () => import('./serve.js'),
  },
  {
    name: 'ship',
    summary: 'ship the events of the queue to the trail (exit 3 if the trail cannot be reached)',
    load: () => import('./ship.js'),
  },
  {
    name: 'migrate',
    summary: 'make or update the tables and views of the trail (exit 3 if it cannot be reached)',
    load: () => import('./migrate.js'),
  },
  { name: 'report', summary: 'report who was on which port when, from the trail', load: () => import('./report.js') },
  {
    name: 'verify',
    summary: 'check that nobody changed, removed or reordered anything in the trail (exit 4 if so)',
    load: () => import('./verify.js'),
  },
  {
    name: 'evidence',
    summary: 'write a bundle that proves who had an address, to be checked without any database',
    load: () => import('./evidence.js'),
  },
  { name: 'key', summary: 'show or replace the key that signs checkpoints', load: () => import('./key.js') },
  {
    name: 'checkpoint',
    summary:
      'sign the last event now and print the checkpoint as JSON, for verify --checkpoint (without a running server: print the last one)',
    load: () => import('./checkpoint.js'),
  },
  {
    name: 'retain',
    summary: 'remove old events and sightings from the trail, except held ones (exit 4 if the trail was tampered with)',
    load: () => import('./retain.js'),
  },
  {
    name: 'hold',
    summary: 'keep events and sightings from being removed by retention',
    load: () => import('./hold.js'),
  },
  {
    name: 'auditors',
    summary: 'print SQL that makes a database user who can read the views and nothing else',
    load: () => import('./auditors.js'),
  },
  {
    name: 'status',
    summary:
      'show server, queue and trail: counts, pools, what is not shipped yet (exit 3 if the trail cannot be reached)',
    load: () => import('./status.js'),
  },
  {
    name: 'leases',
    summary: "list the leases in this server's queue file (exit 1 if there are none)",
    load: () => import('./leases.js'),
  },
  {
    name: 'failover',
    summary: 'show and control the failover pair of this server',
    load: () => import('./failover.js'),
  },
  { name: 'queue', summary: 'replace the local queue', load: () => import('./queue.js') },
  {
    name: 'demo',
    summary: 'show the main job on loopback: a small campus, real DHCP, a report (under half a minute, no root)',
    load: () => import('./demo.js'),
  },
];

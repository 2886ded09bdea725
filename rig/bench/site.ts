import type { Campus, Namespace } from '../lab/netns.js';
import { RELAY, SERVER } from './peers.js';
import { compiled, preloaded } from './programs.js';
import type { Settings } from './settings.js';

/** Server and load, each in its own namespace, joined by a cable. */
export interface Site {
  readonly server: Namespace;
  readonly load: Namespace;
  /** The compiled load. */
  readonly program: string;
  /** A library that gives perfdhcp a large receive buffer, too. */
  readonly roomy: string;
  readonly settings: Settings;
}

/** Lays the cable between server and load. */
export function lay(campus: Campus, settings: Settings): Site {
  const [server, load] = [campus.host(), campus.host()];
  campus.cable(
    { in: server, name: 'eth0', address: `${SERVER}/24` },
    { in: load, name: 'eth0', address: `${RELAY}/24` },
  );
  // Renewals use the clients' own addresses: the load's host must accept them all as local.
  server.ip('route', 'add', '198.19.0.0/16', 'via', RELAY);
  load.ip('route', 'add', 'local', '198.19.0.0/16', 'dev', 'lo');
  const { folder } = settings;
  return { server, load, program: compiled('load', folder), roomy: preloaded('roomy', folder), settings };
}

import type { Campus, Namespace } from '../lab/netns.js';
import { RELAY, SERVER } from './peers.js';
import { compiled, preloaded } from './programs.js';
import type { Settings } from './settings.js';

/** Server and load in namespaces of their own, joined by a cable. */
export interface Site {
  readonly server: Namespace;
  readonly load: Namespace;
  /** The compiled load. */
  readonly program: string;
  /** What gives perfdhcp as much room for answers. */
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
  // Renewals come from, and are answered to, the clients' own addresses, all of which the load's host takes for its own.
  server.ip('route', 'add', '198.19.0.0/16', 'via', RELAY);
  load.ip('route', 'add', 'local', '198.19.0.0/16', 'dev', 'lo');
  const { folder } = settings;
  return { server, load, program: compiled('load', folder), roomy: preloaded('roomy', folder), settings };
}

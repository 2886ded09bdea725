import type { Namespace } from '../../../rig/lab/netns.js';
import { SERVER_ADDRESS, type Stage } from './stage.js';

export const RELAY_ADDRESS = '198.18.0.5';

/** An interface of a router towards clients: one interface may have addresses in several networks. */
export interface DownLeg {
  name: string;
  addresses: string[];
  /** What the cable goes to: a host's `eth0`, or a port of a switch. */
  to: Namespace;
  peer?: { name: string; mac?: string };
}

/**
 * Puts a router between the server's `eth0` and clients: `up0` has RELAY_ADDRESS, the server has the routes back. It
 * routes and does nothing else yet; the relay is a program to be started on it.
 */
export function addRouter(stage: Stage, legs: DownLeg[]): Namespace {
  const router = stage.campus.host();
  router.routeBetweenInterfaces();
  stage.campus.cable(
    { in: stage.server, name: 'eth0', address: `${SERVER_ADDRESS}/24` },
    { in: router, name: 'up0', address: `${RELAY_ADDRESS}/24` },
  );
  for (const { name, addresses, to, peer } of legs) {
    stage.campus.cable({ in: router, name }, { in: to, name: 'eth0', ...peer });
    for (const address of addresses) router.addAddress(name, address);
  }
  stage.server.ip('route', 'add', '198.18.0.0/15', 'via', RELAY_ADDRESS);
  return router;
}

import type { Dockerode } from './docker.js';

/** Label: the rig that a container or network belongs to. */
export const LABEL = 'portledger.rig';
/** Label: the service that a container runs. */
export const SERVICE_LABEL = 'portledger.rig.service';

/** Blocks of /24 in 198.18.0.0/15 (RFC 2544: for tests); the first one is that of `docker compose up`. */
const BLOCKS = Array.from({ length: 511 }, (_, i) => `198.${18 + ((i + 1) >> 8)}.${(i + 1) & 0xff}`);

/**
 * Makes the networks of a rig in the first free block of addresses. If two rigs start at once and choose the same block, Docker gives it to
 * one of them.
 */
export async function makeNetworks(
  docker: Dockerode,
  rig: string,
  networksIn: (net: string) => Record<string, { subnet: string; gateway: string }>,
): Promise<string> {
  for (const net of BLOCKS) {
    const made: { remove(): Promise<unknown> }[] = [];
    try {
      for (const [name, { subnet, gateway }] of Object.entries(networksIn(net))) {
        const IPAM = { Driver: 'default', Config: [{ Subnet: subnet, Gateway: gateway }] };
        made.push(await docker.createNetwork({ Name: `${rig}-${name}`, IPAM, Labels: { [LABEL]: rig } }));
      }
      return net;
    } catch (error) {
      for (const network of made) await network.remove();
      if (!/overlaps|address already in use|already assigned/i.test(String(error))) throw error;
    }
  }
  throw new Error(
    'no block of addresses in 198.18.0.0/15 is free for a rig: remove networks that are not needed (npm run rig:reset)',
  );
}

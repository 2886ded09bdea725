import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Campus, type Namespace } from '../lab/netns.js';
import { Installation } from '../lab/processes.js';
import { until } from '../lab/until.js';
import { highest, ownLoad } from './load.js';
import { type Peer, poolOf, RELAY, SERVER, started } from './peers.js';
import { type Row, ratioRows } from './result.js';
import type { Settings } from './settings.js';
import { lay, type Site } from './site.js';

/** The cable between the two servers. */
const LINK = '198.18.2.1';
const PARTNER = '198.18.2.2';
const PORT = 6470;
const ADDRESSES = 65_000;
/** A second pool. The primary may use half of each; the pools must be large enough that no client starts again while it waits. */
const MORE = '198.18.16.1-198.18.255.254';
const CLIENTS = 60_000;
const LOWEST = 10_000;
/** Time limits in ms: until a new pair is in NORMAL, and until the partner has acknowledged all updates of a load. */
const PATIENCE = 60_000;

/** Compares a failover pair with a single server: the cost of sending each lease to a partner. No shipper runs. */
export async function pair(settings: Settings): Promise<Row[]> {
  const campus = new Campus();
  try {
    const site = lay(campus, settings);
    const partner = campus.host();
    campus.cable(
      { in: site.server, name: 'eth1', address: `${LINK}/24` },
      { in: partner, name: 'eth0', address: `${PARTNER}/24` },
    );
    const rows: Row[] = [];
    for (let round = 0; round < settings.rounds; round++) {
      for (const peer of [alone(site.server, settings.folder), paired(site.server, partner, settings.folder)]) {
        rows.push(...(await measure(peer, site)));
      }
    }
    return ratioRows(rows, PAIR);
  } finally {
    await campus.remove();
  }
}

const ALONE = 'Portledger alone';
const PAIR = 'Portledger pair';

async function measure(peer: Peer, site: Site): Promise<Row[]> {
  const { seconds, factor, quick } = site.settings;
  const load = ownLoad(site.load, site.program, { clients: CLIENTS, ports: 0, mode: 'exchange' });
  const [peak, over] = await started(peer, ADDRESSES, async () => {
    await load(LOWEST / 2, seconds);
    const best = await highest(load, { from: LOWEST, factor, seconds, refine: !quick });
    return [best, await load(Math.round(2 * best.answered) || LOWEST, seconds)];
  });
  const row = (what: string, value: number): Row => ({ part: 'pair', what, subject: peer.name, value });
  return [row('exchanges/s with under 0.1 % lost', peak!.answered), row('answered/s at twice that', over!.answered)];
}

let starts = 0;

function alone(host: Namespace, folder: string): Peer {
  return {
    name: ALONE,
    start: async (addresses) => {
      const server = await install(folder, SERVER, poolsOf(addresses)).serve(host);
      return { pid: server.pid, stop: async () => void (await server.stop('SIGTERM', 30_000)) };
    },
  };
}

/** The primary answers every client, so that pair and single server have the same load; the partner receives the updates. */
function paired(host: Namespace, other: Namespace, folder: string): Peer {
  return {
    name: PAIR,
    start: async (addresses) => {
      const pools = poolsOf(addresses).map((pool) => ({ ...pool, failover: 'bench' }));
      const primary = install(folder, SERVER, pools, { ...relationship('primary'), mclt: '1h', split: 256 });
      const secondary = install(folder, PARTNER, pools, relationship('secondary'));
      const servers = [await primary.serve(host), await secondary.serve(other)];
      await until('settled pair', () => isSettled(primary), { withinMs: PATIENCE });
      const stop = async (): Promise<void> => {
        // Updates must not be postponed: the partner has to acknowledge them all
        await until('settled pair', () => isSettled(primary), { withinMs: PATIENCE });
        await Promise.all(servers.map((server) => server.stop('SIGTERM', 30_000)));
      };
      return { pid: servers[0]!.pid, stop };
    },
  };
}

/** Both in NORMAL, half of the addresses at the partner, and no update unacknowledged. */
async function isSettled(primary: Installation): Promise<boolean> {
  const { code, stdout } = await primary.run('here', 'failover', 'status', '-o', 'json');
  if (code !== 0) return false;
  const [{ state, partnerState, unacked, pending, pools }] = JSON.parse(stdout);
  const isNormal = state === 'normal' && partnerState === 'normal';
  return isNormal && unacked === 0 && pending === 0 && pools.every(({ backup }: { backup: number }) => backup > 0);
}

function poolsOf(addresses: number): { range: string }[] {
  return [{ range: poolOf(addresses) }, { range: MORE }];
}

function relationship(role: 'primary' | 'secondary'): Record<string, unknown> {
  const [own, other] = role === 'primary' ? [LINK, PARTNER] : [PARTNER, LINK];
  return { name: 'bench', role, address: own, port: PORT, 'peer-address': other, 'peer-port': PORT };
}

function install(folder: string, address: string, pools: object[], failover?: object): Installation {
  const place = join(folder, `pair-${++starts}`);
  mkdirSync(place);
  return new Installation(place, {
    server: {
      name: `dhcp-${address === SERVER ? 'a' : 'b'}`,
      listen: [{ address }],
      'trusted-relays': [RELAY],
      'lease-time': '1h',
      ...(failover && { failover: [failover] }),
      subnets: [{ subnet: '198.18.0.0/15', pools, options: { routers: [address] } }],
    },
    queue: { file: join(place, 'dhcp.queue') },
    log: { level: 'warn', modules: { server: 'info' } },
  });
}

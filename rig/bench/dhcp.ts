import { startMariadb } from '../lab/database.js';
import { Campus } from '../lab/netns.js';
import { highest, type Load, type LoadResult, type OwnLoad, ownLoad, perfdhcp, type Steps } from './load.js';
import { kea, type Peer, portledger, responder, started } from './peers.js';
import { compiled, keaProgram } from './programs.js';
import { type Row, ratioRows } from './result.js';
import type { Settings } from './settings.js';
import { lay, type Site } from './site.js';

const CLIENTS = 60_000;
const ADDRESSES = 65_000;
const PORTS = 5000;
/** The lowest rate to try, and rates that some peers surely manage, for perfdhcp's load and for the bench's own. */
const LOWEST = 3000;
const MANAGES: Readonly<Record<string, readonly [number, number]>> = {
  'C, stateless': [11_000, 22_000],
  Kea: [4000, 5000],
  Portledger: [5000, 11_000],
};
/** Clients that only renew. */
const RENEWING = 3000;
/** Clients of the pool that is 99.9 % full. */
const FULL = 20_000;

/** Measures Portledger, Kea and the ceiling under the same load, in turn, several times. */
export async function dhcp(settings: Settings): Promise<Row[]> {
  const campus = new Campus();
  const database = await startMariadb({ args: ['--innodb-buffer-pool-size=1G'] });
  try {
    const site = lay(campus, settings);
    const keaPath = keaProgram();
    if (!keaPath) console.log('Kea is not here and could not be fetched: it is left out.');
    const peers = [
      responder(site.server, compiled('responder', settings.folder)),
      ...(keaPath ? [kea(site.server, settings.folder, keaPath)] : []),
      portledger(site.server, settings.folder, database),
    ];
    return await measure(peers, site);
  } finally {
    await campus.remove();
    await database.remove();
  }
}

/** The measures of each peer, and whether more or less is better. */
const MEASURES = [
  'exchanges/s with under 0.1 % lost',
  'answered/s at twice that',
  'p50 at half of it, ms',
  'p99 at half of it, ms',
  'exchanges/s, Option 82 of 5,000 ports',
  'renewals/s',
  'exchanges/s, pool 99.9 % full, known clients',
] as const;

async function measure(peers: readonly Peer[], site: Site): Promise<Row[]> {
  const rows: Row[] = [];
  for (let round = 0; round < site.settings.rounds; round++) {
    for (const peer of peers) {
      const values = await measureOne(peer, site);
      if (round === 0 && !site.settings.quick) values.push(...(await measureSpecial(peer, site)));
      rows.push(...values.map((value, i) => ({ part: 'dhcp', what: MEASURES[i]!, subject: peer.name, value })));
    }
  }
  return ratioRows(rows, 'Portledger');
}

/** The rates are the same for all peers; a fast peer skips the lowest. */
function steps(peer: Peer, isOwnLoad: boolean, { seconds, factor, quick }: Settings): Steps {
  const manages = MANAGES[peer.name]?.[isOwnLoad ? 1 : 0] ?? LOWEST;
  let from = LOWEST;
  while (from < manages) from = Math.round(from * factor);
  return { from, factor, seconds, refine: !quick };
}

function own(site: Site, wanted: Partial<OwnLoad>): Load {
  return ownLoad(site.load, site.program, { clients: CLIENTS, ports: 0, mode: 'exchange', ...wanted });
}

/** The highest rate of a server after a warm-up of some seconds. */
async function climbed(peer: Peer, load: Load, climb: Steps): Promise<LoadResult> {
  return await started(peer, ADDRESSES, async () => {
    await load(LOWEST, climb.seconds);
    return await highest(load, climb);
  });
}

/** The first five of the measures. */
async function measureOne(peer: Peer, site: Site): Promise<number[]> {
  const climb = steps(peer, false, site.settings);
  const { from, seconds } = climb;
  const relay = perfdhcp(site.load, CLIENTS, site.roomy);
  const peak = await climbed(peer, relay, climb);
  const halfRate = Math.round(peak.answered / 2) || from / 2;
  const [half, over] = await started(peer, ADDRESSES, async () => {
    // Not in a server's first seconds: the highest rate was measured later, too
    await own(site, {})(halfRate, seconds);
    // perfdhcp also counts answers that arrive after its load has ended
    return [await own(site, {})(halfRate, seconds), await own(site, {})(4 * halfRate, seconds)];
  });
  const climbOwn = steps(peer, true, site.settings);
  const ports = await climbed(peer, own(site, { ports: PORTS }), climbOwn);
  return [peak.answered, over!.answered, half!.p50 / 1000, half!.p99 / 1000, ports.answered];
}

/** The others. */
async function measureSpecial(peer: Peer, site: Site): Promise<number[]> {
  const climb = steps(peer, true, site.settings);
  const renewals = own(site, { ports: PORTS, mode: 'renew', clients: RENEWING });
  const renewed = await started(peer, ADDRESSES, () => highest(renewals, climb));
  const full = await started(peer, Math.round(FULL / 0.999), async () => {
    await own(site, { clients: FULL })(2000, FULL / 2000);
    return await highest(own(site, { clients: FULL }), climb);
  });
  return [renewed.answered, full.answered];
}

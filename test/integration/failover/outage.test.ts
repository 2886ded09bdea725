import assert from 'node:assert/strict';
import { requires } from '../../../rig/lab/requirements.js';
import { type BulkLease, BulkRelay, macs } from '../../support/bulk-relay.js';
import { sized } from '../../support/size.js';
import { Pair, type Program } from './pair.js';
import type { PairServer } from './server.js';

const RELAY = '198.18.0.9';
const SERVERS = ['198.18.0.2', '198.18.0.3'];
const MCLT = 8;

type Role = 'primary' | 'secondary';
/** Who stands as primary and secondary, which of the two is killed, and whether it loses its disk, too. */
type Case = [primary: Program, secondary: Program, victim: Role, memory: 'kept' | 'lost'];

const ORDINARY: Case[] = [
  ['portledger', 'portledger', 'primary', 'kept'],
  ['portledger', 'portledger', 'secondary', 'lost'],
  ['portledger', 'dhcpd', 'secondary', 'kept'],
  ['dhcpd', 'portledger', 'secondary', 'kept'],
];
const MORE: Case[] = [
  ['portledger', 'portledger', 'secondary', 'kept'],
  ['portledger', 'portledger', 'primary', 'lost'],
  ['portledger', 'dhcpd', 'primary', 'kept'],
  ['portledger', 'dhcpd', 'primary', 'lost'],
  ['portledger', 'dhcpd', 'secondary', 'lost'],
  ['dhcpd', 'portledger', 'primary', 'kept'],
  ['dhcpd', 'portledger', 'primary', 'lost'],
  ['dhcpd', 'portledger', 'secondary', 'lost'],
];

for (const [primary, secondary, victim, memory] of sized(ORDINARY, [...ORDINARY, ...MORE])) {
  describe(`${primary} as primary and ${secondary} as secondary, of which the ${victim} is killed (disk: ${memory})`, function () {
    this.timeout(90_000);
    let pair: Pair;
    let relay: BulkRelay;
    let dead: PairServer;
    let survivor: PairServer;
    let survivorAddress: string;
    let leases: BulkLease[];

    before(async function () {
      requires(this, 'netns', 'dhcpd', 'omshell');
      pair = new Pair(primary, secondary, { mclt: MCLT, leaseTime: 30, pool: '198.18.16.1-198.18.16.60' });
      dead = victim === 'primary' ? pair.primary : pair.secondary;
      survivor = victim === 'primary' ? pair.secondary : pair.primary;
      survivorAddress = victim === 'primary' ? SERVERS[1]! : SERVERS[0]!;
      relay = await BulkRelay.start(pair.client(`${RELAY}/16`), RELAY);
      await pair.start();
      await pair.reachesReady();
      leases = await relay.lease(macs(16), SERVERS);
      await pair.reachesEqual();
      leases = await relay.extend(leases, ({ server }) => server);
      assert.deepEqual([leases.length, leases[0]!.seconds], [16, 30], pair.log());
      await pair.reachesEqual();
    });

    after(() => pair?.close());

    /** As clients do: none lets its lease run out while something else is waited for. */
    async function renewUntil<T>(waited: Promise<T>): Promise<T> {
      let isOver = false;
      const end = waited.finally(() => {
        isOver = true;
      });
      end.catch(() => undefined);
      while (!isOver) {
        const renewed = await relay.extend(leases, () => survivorAddress);
        assert.equal(renewed.length, leases.length);
      }
      return await end;
    }

    const stateIs = (state: string) => pair.stateOf(survivor, state);

    it('goes on alone: renewals of both servers, and new clients from its own half', async () => {
      await dead.kill();
      await stateIs('communications-interrupted');
      const renewed = await relay.extend(leases, () => survivorAddress);
      assert.equal(renewed.length, 16);
      const fresh = await relay.lease(macs(10, 100), SERVERS);
      assert.equal(fresh.length, 10);
      assert.deepEqual([...new Set(fresh.map(({ server }) => server))], [survivorAddress]);
      leases = [...renewed, ...fresh];
    });

    it('gives the addresses of the other, too, once it is told that the partner is down and mclt is over', async () => {
      await survivor.partnerDown();
      await stateIs('partner-down');
      // Half of 60 belong to the other one, which has leased some of them: without those there is no room for 30 more
      await renewUntil(new Promise((resolve) => setTimeout(resolve, (MCLT + 2) * 1000)));
      const more = await relay.lease(macs(30, 200), SERVERS);
      assert.equal(more.length, 30);
      leases = [...leases, ...more];
      assert.equal(leases.length, 56);
      assert.equal(new Set(leases.map(({ address }) => address)).size, 56);
    });

    it('takes the other back: recover, normal, equal lease tables, and both answer again', async () => {
      if (memory === 'lost') dead.lose();
      await renewUntil(dead.start().then(() => pair.reachesNormal()));
      await pair.reachesEqual();
      const renewed = await relay.extend(leases, ({ mac }) => SERVERS[Number.parseInt(mac.slice(-1), 16) % 2]!);
      assert.deepEqual(renewed.map(({ address }) => address).sort(), leases.map(({ address }) => address).sort());
      await pair.reachesEqual();
    });
  });
}

import assert from 'node:assert/strict';
import { BulkRelay, macs } from '../../support/bulk-relay.js';
import { requires } from '../../support/requirements.js';
import { Pair, type Program } from './pair.js';

const RELAY = '198.18.0.9';
const [PRIMARY, SECONDARY] = ['198.18.0.2', '198.18.0.3'] as const;

const PAIRS: [Program, Program][] = [
  ['portledger', 'portledger'],
  ['portledger', 'dhcpd'],
  ['dhcpd', 'portledger'],
];

for (const [primary, secondary] of PAIRS) {
  describe(`${primary} as primary and ${secondary} as secondary, with the way between them cut`, function () {
    this.timeout(90_000);
    let pair: Pair;
    let relay: BulkRelay;

    before(async function () {
      requires(this, 'netns', 'dhcpd', 'omshell');
      pair = new Pair(primary, secondary, { mclt: 300, leaseTime: 600, maxResponseDelay: 3 });
      relay = await BulkRelay.start(pair.client(`${RELAY}/16`), RELAY);
      await pair.start();
      await pair.reachesNormal();
      await pair.reachesEqual();
    });

    after(() => pair?.close());

    async function cut(): Promise<void> {
      pair.partition();
      await pair.reaches('communications-interrupted', 'communications-interrupted');
    }

    async function heal(): Promise<void> {
      pair.heal();
      await pair.reachesNormal();
      await pair.reachesEqual();
    }

    it('both lease from their own half, and agree when it is healed', async () => {
      await cut();
      const one = await relay.lease(macs(8, 1), [PRIMARY]);
      const other = await relay.lease(macs(8, 101), [SECONDARY]);
      assert.deepEqual([one.length, other.length], [8, 8]);
      assert.equal(new Set([...one, ...other].map(({ address }) => address)).size, 16);
      await heal();
      assert.equal(await activeLeases(), 16);
    });

    it('the primary was told that its partner is down: they compare, and agree', async () => {
      await cut();
      await pair.primary.partnerDown();
      assert.equal((await relay.lease(macs(4, 201), [PRIMARY])).length, 4);
      assert.equal((await relay.lease(macs(4, 301), [SECONDARY])).length, 4);
      await heal();
      assert.equal(await activeLeases(), 24);
    });

    it('the secondary was told so', async () => {
      await cut();
      await pair.secondary.partnerDown();
      assert.equal((await relay.lease(macs(4, 401), [SECONDARY])).length, 4);
      await heal();
      assert.equal(await activeLeases(), 28);
    });

    it('both were told so', async () => {
      await cut();
      await pair.primary.partnerDown();
      await pair.secondary.partnerDown();
      assert.equal((await relay.lease(macs(4, 501), [PRIMARY])).length, 4);
      assert.equal((await relay.lease(macs(4, 601), [SECONDARY])).length, 4);
      await heal();
      assert.equal(await activeLeases(), 36);
    });

    async function activeLeases(): Promise<number> {
      return [...(await pair.primary.leases()).values()].filter(({ status }) => status === 'active').length;
    }
  });
}

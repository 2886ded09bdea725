import assert from 'node:assert/strict';
import { requires } from '../../../rig/lab/requirements.js';
import { BulkRelay, macs } from '../../support/bulk-relay.js';
import { sized } from '../../support/size.js';
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
    /** With dhcpd the two that differ most; every pair of states with PORTLEDGER_SIZE=nightly. */
    const isWhole = primary === secondary || sized(false, true);
    let pair: Pair;
    let relay: BulkRelay;
    let leased = 0;

    before(async function () {
      requires(this, 'netns', 'dhcpd', 'omshell');
      pair = new Pair(primary, secondary, { mclt: 300, leaseTime: 600, maxResponseDelay: 3 });
      relay = await BulkRelay.start(pair.client(`${RELAY}/16`), RELAY);
      await pair.start();
      await pair.reachesReady();
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
      assert.equal(await activeLeases(), leased);
    }

    /** So many clients of each server lease from it while it is alone. */
    async function lease(fromPrimary: number, fromSecondary: number): Promise<void> {
      const one = await relay.lease(macs(fromPrimary, 1 + leased), [PRIMARY]);
      const other = await relay.lease(macs(fromSecondary, 1001 + leased), [SECONDARY]);
      assert.deepEqual([one.length, other.length], [fromPrimary, fromSecondary]);
      leased += fromPrimary + fromSecondary;
    }

    it('both lease from their own half, and agree when it is healed', async () => {
      await cut();
      await lease(8, 8);
      await heal();
    });

    if (isWhole) {
      it('the primary was told that its partner is down: they compare, and agree', async () => {
        await cut();
        await pair.primary.partnerDown();
        await lease(4, 4);
        await heal();
      });

      it('the secondary was told so', async () => {
        await cut();
        await pair.secondary.partnerDown();
        await lease(4, 4);
        await heal();
      });
    }

    it('both were told so', async () => {
      await cut();
      await pair.primary.partnerDown();
      await pair.secondary.partnerDown();
      await lease(4, 4);
      await heal();
    });

    async function activeLeases(): Promise<number> {
      return [...(await pair.primary.leases()).values()].filter(({ status }) => status === 'active').length;
    }
  });
}

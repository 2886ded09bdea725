import assert from 'node:assert/strict';
import { requires } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import { type BulkLease, BulkRelay, macs } from '../../support/bulk-relay.js';
import { sized } from '../../support/size.js';
import { Pair, type Program } from './pair.js';
import type { PairServer } from './server.js';

const RELAY = '198.18.0.9';
const [PRIMARY, SECONDARY] = ['198.18.0.2', '198.18.0.3'] as const;
/** What the two may tell each other in a second: so little that a state is seen that ends with what is told. */
const KILOBITS = 48;
/** Clients of each server: to tell of them takes a second or more. */
const CLIENTS = 60;

type Role = 'primary' | 'secondary';
/** Who stands as primary and secondary, and the state in which the way between them is cut. */
type Case = [primary: Program, secondary: Program, cut: Moment];

interface Moment {
  readonly name: string;
  /** Brings the pair to where the state is reached next. */
  readonly before: 'both were told that the other is down' | 'one lost its disk';
  /** Whose log is watched: the role, or the one that comes back without a disk, or the one that went on. */
  readonly who: Role | 'returning' | 'survivor';
  readonly victim?: Role;
  readonly state: string;
}

const CONFLICT = 'both were told that the other is down';
const LOSS = 'one lost its disk';

const POTENTIAL_CONFLICT: Moment = {
  name: 'POTENTIAL-CONFLICT',
  before: CONFLICT,
  who: 'primary',
  state: 'potential-conflict',
};
const CONFLICT_DONE: Moment = { name: 'CONFLICT-DONE', before: CONFLICT, who: 'primary', state: 'conflict-done' };
const recover = (victim: Role): Moment => ({
  name: `RECOVER of the ${victim}`,
  before: LOSS,
  who: 'survivor',
  victim,
  state: 'partner-down',
});
const recoverWait = (victim: Role): Moment => ({
  name: `RECOVER-WAIT of the ${victim}`,
  before: LOSS,
  who: 'returning',
  victim,
  state: 'recover-wait',
});

const MOMENTS = [
  POTENTIAL_CONFLICT,
  CONFLICT_DONE,
  recover('primary'),
  recover('secondary'),
  recoverWait('primary'),
  recoverWait('secondary'),
];
const PAIRS: [Program, Program][] = [
  ['portledger', 'dhcpd'],
  ['dhcpd', 'portledger'],
  ['portledger', 'portledger'],
];

const ORDINARY: Case[] = [
  ['portledger', 'dhcpd', POTENTIAL_CONFLICT],
  ['portledger', 'dhcpd', recoverWait('primary')],
  ['dhcpd', 'portledger', CONFLICT_DONE],
  ['dhcpd', 'portledger', recover('secondary')],
];
const ALL: Case[] = PAIRS.flatMap(([primary, secondary]) =>
  MOMENTS.map((moment): Case => [primary, secondary, moment]),
);

for (const [primary, secondary, moment] of sized(ORDINARY, ALL)) {
  it(`${primary} as primary and ${secondary} as secondary agree though the way between them is cut in ${moment.name}`, async function () {
    requires(this, 'netns', 'dhcpd', 'omshell');
    this.timeout(150_000);
    const pair = new Pair(primary, secondary, { mclt: 15, leaseTime: 600, maxResponseDelay: 3 });
    try {
      await new Interruption(pair, moment).run();
    } finally {
      await pair.close();
    }
  });
}

/** One run: leases on both sides, a conflict or a loss, a cut in the middle of what heals it, and its healing in the end. */
class Interruption {
  readonly #pair: Pair;
  readonly #moment: Moment;
  #relay!: BulkRelay;

  constructor(pair: Pair, moment: Moment) {
    this.#pair = pair;
    this.#moment = moment;
  }

  async run(): Promise<void> {
    const pair = this.#pair;
    this.#relay = await BulkRelay.start(pair.client(`${RELAY}/16`), RELAY);
    await pair.start();
    await pair.reachesReady();
    const reached = this.#moment.before === CONFLICT ? await this.#conflict() : await this.#loss();
    pair.limit(KILOBITS);
    await reached();
    pair.partition();
    await this.#staysApart();
    pair.limit(undefined);
    pair.heal();
    await pair.reachesNormal(60_000);
    await pair.reachesEqual(60_000);
    await this.#serves();
  }

  /** Both go on alone and lease. Returns how they come together until the moment of the cut. */
  async #conflict(): Promise<() => Promise<void>> {
    const pair = this.#pair;
    pair.partition();
    await pair.reaches('communications-interrupted', 'communications-interrupted');
    for (const server of pair.servers) await server.partnerDown();
    await this.#lease([PRIMARY], [SECONDARY]);
    return async () => {
      const seen = this.#isSeen(this.#moment.who === 'primary' ? pair.primary : pair.secondary);
      pair.heal();
      await seen();
    };
  }

  /** One loses its disk and comes back. */
  async #loss(): Promise<() => Promise<void>> {
    const pair = this.#pair;
    const leases = await this.#lease([PRIMARY, SECONDARY], [PRIMARY, SECONDARY]);
    await pair.reachesEqual();
    // The first lease lasts mclt
    await this.#relay.extend(leases, ({ server }) => server);
    await pair.reachesEqual();
    const isPrimary = this.#moment.victim === 'primary';
    const [victim, survivor] = isPrimary ? [pair.primary, pair.secondary] : [pair.secondary, pair.primary];
    await victim.kill();
    await pair.stateOf(survivor, 'communications-interrupted');
    victim.lose();
    return async () => {
      const seen = this.#isSeen(this.#moment.who === 'returning' ? victim : survivor);
      await Promise.all([victim.start(), seen()]);
    };
  }

  /** Waits until the server moves to the state from now on: its log says so within a moment. */
  #isSeen(server: PairServer): () => Promise<void> {
    const from = server.log.length;
    const move = new RegExp(`(I move|this server moves) from [\\w-]+ to ${this.#moment.state}\\b`, 'i');
    return async () => {
      await until(`${server.name} moves to ${this.#moment.state}`, () => move.test(server.log.slice(from)), {
        withinMs: 40_000,
        detail: () => this.#pair.log(),
      });
    };
  }

  /** Long enough for both to find out. */
  async #staysApart(): Promise<void> {
    const apart = this.#pair.log();
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const all = this.#pair.log();
    assert.ok(!/Both servers normal/.test(all.slice(apart.length)), all);
  }

  /** So many clients through each of the places. */
  async #lease(...places: [string[], string[]]): Promise<BulkLease[]> {
    const one = await this.#relay.lease(macs(CLIENTS, 1), places[0]);
    const other = await this.#relay.lease(macs(CLIENTS, 1001), places[1]);
    assert.deepEqual([one.length, other.length], [CLIENTS, CLIENTS], this.#pair.log());
    return [...one, ...other];
  }

  /** Nothing is forgotten, and both answer. */
  async #serves(): Promise<void> {
    const active = [...(await this.#pair.primary.leases()).values()].filter(({ status }) => status === 'active');
    assert.equal(active.length, 2 * CLIENTS, this.#pair.log());
    await this.#relay.lease(macs(40, 2001), [PRIMARY, SECONDARY]).then((leases) => {
      assert.equal(leases.length, 40, this.#pair.log());
      assert.equal(new Set(leases.map(({ server }) => server)).size, 2, this.#pair.log());
    });
    await this.#pair.reachesEqual();
  }
}

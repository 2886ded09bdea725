import assert from 'node:assert/strict';
import { SERVER_STATE, type ServerState } from '../../../src/protocol/failover/codes.js';
import { react, step, wantedUpdates } from '../../../src/server/failover/machine.js';
import { type Machine, type MachineContext, startMachine } from '../../../src/server/failover/machine-state.js';
import { ON_PARTNER_STATE } from '../../../src/server/failover/states.js';
import { record, T0 } from './peer.js';

const STATES = Object.keys(SERVER_STATE).filter((state) => state !== 'STARTUP') as ServerState[];
const ROLES = ['primary', 'secondary'] as const;

function context(role: (typeof ROLES)[number], changes: Partial<MachineContext> = {}): MachineContext {
  return { role, mclt: 60, autoPartnerDown: 0, started: 0, partnerAsks: true, hasPast: () => true, ...changes };
}

function machine(state: ServerState, changes: Partial<Machine> = {}): Machine {
  return { ...startMachine(record(state), T0), state, starting: false, ...changes };
}

/** What a server does when it hears its partner's state, to the end. */
function hear(
  from: Machine,
  state: ServerState,
  role: (typeof ROLES)[number],
  starting = false,
  changes: Partial<MachineContext> = {},
): Machine {
  const input = { type: 'partner-state' as const, state, since: T0 - 9, starting };
  let { machine: next } = step(from, input, context(role, changes), T0);
  for (let moves = 0; ; moves++) {
    assert.ok(moves < 5, `${from.state} goes round and round at ${state}`);
    const further = react(next, context(role, changes), T0);
    if (further.reason === undefined) return further.machine;
    next = further.machine;
  }
}

/** Two servers in these states that hear one another until neither moves. */
function meet(states: readonly [ServerState, ServerState]): [Machine, Machine] {
  let pair = states.map((state) => machine(state, { partnerState: null })) as [Machine, Machine];
  for (let round = 0; round < 12; round++) {
    const before = JSON.stringify(pair);
    const heard = pair;
    pair = ROLES.map((role, i) => {
      const other = heard[1 - i]!;
      return hear(heard[i]!, other.state, role, other.starting);
    }) as [Machine, Machine];
    pair = ROLES.map((role, i) => {
      const own = pair[i]!;
      // The partner sends what it is asked for
      if (wantedUpdates(own, role)) return step(own, { type: 'updates-done' }, context(role), T0).machine;
      return step(own, { type: 'tick' }, context(role), T0 + 10_000).machine;
    }) as [Machine, Machine];
    if (JSON.stringify(pair) === before) break;
  }
  return pair;
}

describe('the states of a failover server', () => {
  it('come to rest whatever the state of the partner', () => {
    for (const own of STATES)
      for (const partner of STATES)
        for (const role of ROLES)
          for (const lostAt of [0, T0 - 10])
            for (const starting of [false, true]) hear(machine(own, { lostAt, starting }), partner, role, starting);
  });

  const RESTING: ReadonlySet<ServerState> = new Set(['PAUSED', 'SHUTDOWN']);
  const MEETING = STATES.filter((state) => !RESTING.has(state));
  for (const one of MEETING) {
    it(`end in NORMAL on both sides from ${one} and any other`, () => {
      for (const other of MEETING) {
        // The secondary never is in CONFLICT-DONE
        if (other === 'CONFLICT-DONE') continue;
        const [primary, secondary] = meet([one, other]);
        assert.deepEqual([primary.state, secondary.state], ['NORMAL', 'NORMAL'], `${one} and ${other}`);
      }
    });
  }

  it('do not go in circles if both servers lost their stored state longer than MCLT ago', () => {
    for (const one of MEETING)
      for (const other of MEETING) {
        let pair = [one, other].map((state) => machine(state, { partnerState: null, lostAt: T0 - 500 }));
        const seen: string[] = [];
        for (let round = 0; round < 12; round++) {
          // Messages that cross were sent before either server moved
          pair = pair.map((own, i) => hear(own, pair[1 - i]!.state, ROLES[i]!));
          seen.push(pair.map(({ state }) => state).join(' and '));
        }
        assert.equal(seen.at(-1), seen.at(-2), `${one} and ${other} go to ${seen.slice(-4).join(', ')}`);
      }
  });

  it('have a table with known states only', () => {
    for (const [own, reactions] of Object.entries(ON_PARTNER_STATE)) {
      assert.ok(own in SERVER_STATE);
      for (const [partner, next] of Object.entries(reactions))
        assert.ok(partner in SERVER_STATE && next in SERVER_STATE);
    }
  });

  it('never say COMMUNICATIONS-INTERRUPTED to a primary that waits in CONFLICT-DONE: dhcpd would exit', () => {
    const waiting = machine('NORMAL', { partnerState: 'CONFLICT-DONE', heard: true });
    assert.equal(
      step(waiting, { type: 'link-lost' }, context('secondary'), T0).machine.state,
      'RESOLUTION-INTERRUPTED',
    );
    const potential = machine('POTENTIAL-CONFLICT', { partnerState: 'CONFLICT-DONE', heard: true });
    assert.equal(
      step(potential, { type: 'link-lost' }, context('secondary'), T0).machine.state,
      'RESOLUTION-INTERRUPTED',
    );
    assert.equal(startMachine(record('POTENTIAL-CONFLICT'), T0).state, 'RESOLUTION-INTERRUPTED');
  });

  it('are announced as they were stored, until the partner is heard or 15 s have passed', () => {
    const starting = startMachine(record('NORMAL'), T0);
    assert.deepEqual([starting.state, starting.starting, starting.since], ['NORMAL', true, T0 - 1000]);
    assert.equal(hear(starting, 'COMMUNICATIONS-INTERRUPTED', 'primary').state, 'NORMAL');
    assert.equal(hear(starting, 'PARTNER-DOWN', 'secondary').state, 'RECOVER');
    const alone = step(starting, { type: 'start-over' }, context('primary'), T0).machine;
    assert.deepEqual([alone.state, alone.starting], ['COMMUNICATIONS-INTERRUPTED', false]);
  });

  it('wait for MCLT after RECOVER only if the pair has worked before', () => {
    const done = (lostAt: number, hasPast: boolean, partnerState: ServerState = 'RECOVER') => {
      const knowing = context('primary', { hasPast: () => hasPast });
      return step(machine('RECOVER', { lostAt, partnerState }), { type: 'updates-done' }, knowing, T0).machine.state;
    };
    // The partner has been one of this pair, and may not have heard of the leases that this server gave
    assert.equal(done(T0 - 10, false, 'PARTNER-DOWN'), 'RECOVER-WAIT');
    assert.equal(done(T0 - 10, false, 'RECOVER-DONE'), 'RECOVER-DONE');
    assert.equal(done(T0 - 10, true), 'RECOVER-WAIT');
    assert.equal(done(T0 - 10, false), 'RECOVER-DONE');
    assert.equal(done(0, true), 'RECOVER-DONE');
    assert.equal(done(T0 - 100, true), 'RECOVER-DONE');
    const waiting = machine('RECOVER-WAIT', { lostAt: T0 - 10 });
    const tick = (now: number) => step(waiting, { type: 'tick' }, context('primary'), now).machine.state;
    assert.deepEqual([tick(T0 + 50), tick(T0 + 51)], ['RECOVER-WAIT', 'RECOVER-DONE']);
  });

  it('go to PARTNER-DOWN on their own only if that is configured', () => {
    const alone = machine('COMMUNICATIONS-INTERRUPTED', { since: T0 });
    const stateAt = (autoPartnerDown: number, now: number) =>
      step(alone, { type: 'tick' }, context('primary', { autoPartnerDown }), now).machine.state;
    assert.equal(stateAt(0, T0 + 99_999), 'COMMUNICATIONS-INTERRUPTED');
    assert.equal(stateAt(100, T0 + 99), 'COMMUNICATIONS-INTERRUPTED');
    assert.equal(stateAt(100, T0 + 100), 'PARTNER-DOWN');
  });

  it('ask a partner that shuts down for what it did, before this server serves alone', () => {
    const first = hear(machine('RECOVER'), 'SHUTDOWN', 'secondary');
    assert.deepEqual([first.state, wantedUpdates(first, 'secondary')], ['RECOVER', 'all']);
    const { machine: done } = step(first, { type: 'updates-done' }, context('secondary'), T0);
    assert.equal(react(done, context('secondary'), T0).machine.state, 'PARTNER-DOWN');
  });

  it('do not become SHUTDOWN without stored state: the partner would consider it complete', () => {
    const shutdown = { type: 'operator', command: 'shutdown' } as const;
    for (const state of ['RECOVER', 'RECOVER-WAIT', 'RECOVER-DONE', 'PARTNER-DOWN'] as const) {
      const { machine: after, refusal } = step(machine(state, { lostAt: T0 }), shutdown, context('primary'), T0);
      assert.equal(after.state, state);
      assert.match(refusal!, /let it recover$/);
      const partnerState = state === 'PARTNER-DOWN' ? ('SHUTDOWN' as const) : null;
      assert.equal(step(machine(state, { partnerState }), shutdown, context('primary'), T0).machine.state, 'SHUTDOWN');
    }
  });

  it('do not become SHUTDOWN if the partner would serve alone without knowing the leases of this server', () => {
    const shutDown = (state: ServerState, partnerState: ServerState | null) =>
      step(machine(state, { partnerState }), { type: 'operator', command: 'shutdown' }, context('primary'), T0);
    for (const partner of [null, ...STATES]) {
      const alone = shutDown('PARTNER-DOWN', partner);
      assert.equal(alone.machine.state, partner === 'SHUTDOWN' ? 'SHUTDOWN' : 'PARTNER-DOWN');
      assert.equal(alone.refusal !== undefined, partner !== 'SHUTDOWN');
      // Whatever dhcpd is in, it would not ask
      const toDhcpd = (state: ServerState, heard: boolean) =>
        step(
          machine(state, { partnerState: partner, heard }),
          { type: 'operator', command: 'shutdown' },
          context('primary', { partnerAsks: false }),
          T0,
        ).machine.state;
      for (const state of STATES.filter((one) => one !== 'SHUTDOWN'))
        for (const heard of [false, true])
          assert.equal(toDhcpd(state, heard) === 'SHUTDOWN', state === 'NORMAL' && heard, `${state} ${heard}`);
      for (const state of ['POTENTIAL-CONFLICT', 'RESOLUTION-INTERRUPTED', 'CONFLICT-DONE'] as const)
        assert.match(shutDown(state, partner).refusal!, /let it get to normal/);
    }
  });

  it('ask a partner that was shut down without contact, and one with a known SHUTDOWN only once', () => {
    const lost = { partnerState: 'NORMAL' as const, heard: false };
    const asks = ['NORMAL', 'COMMUNICATIONS-INTERRUPTED', 'PARTNER-DOWN', 'RESOLUTION-INTERRUPTED', 'CONFLICT-DONE'];
    const goesOn = ['RECOVER-DONE', 'POTENTIAL-CONFLICT'];
    for (const state of STATES) {
      const expected = asks.includes(state) ? 'RECOVER' : goesOn.includes(state) ? 'PARTNER-DOWN' : state;
      assert.equal(hear(machine(state, lost), 'SHUTDOWN', 'primary').state, expected, state);
    }
    const asked = hear(machine('PARTNER-DOWN', lost), 'SHUTDOWN', 'primary');
    const alone = step(asked, { type: 'link-lost' }, context('primary'), T0).machine;
    assert.equal(alone.state, 'COMMUNICATIONS-INTERRUPTED', 'who shut down is gone before it has told');
    assert.equal(hear(alone, 'SHUTDOWN', 'primary').state, 'RECOVER');
    const without = hear(machine('PARTNER-DOWN', { ...lost, lostAt: T0 - 5 }), 'SHUTDOWN', 'primary');
    assert.equal(step(without, { type: 'link-lost' }, context('primary'), T0).machine.state, 'RECOVER');
    const paused = hear(machine('PAUSED', lost), 'SHUTDOWN', 'primary');
    const resume = { type: 'operator', command: 'resume' } as const;
    assert.equal(step(paused, resume, context('primary'), T0).machine.state, 'RECOVER');
    // As `hear` sends it
    const known = { partnerState: 'SHUTDOWN' as const, partnerSince: T0 - 9, heard: false };
    assert.equal(hear(machine('PARTNER-DOWN', known), 'SHUTDOWN', 'primary').state, 'PARTNER-DOWN');
    assert.equal(
      hear(machine('PARTNER-DOWN', { ...known, partnerSince: T0 - 10 }), 'SHUTDOWN', 'primary').state,
      'RECOVER',
    );
    // Who hears it live knows what came before
    assert.equal(hear(machine('NORMAL', { ...lost, heard: true }), 'SHUTDOWN', 'primary').state, 'PARTNER-DOWN');
  });

  it('serve nobody without stored state before the partner has sent what it knows', () => {
    for (const partner of STATES) {
      const { state } = hear(machine('RECOVER', { lostAt: T0 }), partner, 'primary', partner === 'NORMAL');
      assert.equal(state, 'RECOVER', `${partner} leads to ${state}`);
    }
  });

  it('go to POTENTIAL-CONFLICT without stored state only with dhcpd, which would exit otherwise; a Portledger serves until MCLT has passed', () => {
    for (const partner of ['POTENTIAL-CONFLICT', 'RESOLUTION-INTERRUPTED', 'CONFLICT-DONE'] as const) {
      const lost = machine('RECOVER', { lostAt: T0 });
      assert.equal(hear(lost, partner, 'primary', false, { partnerAsks: false }).state, 'POTENTIAL-CONFLICT');
      // By then it may have given addresses alone
      assert.equal(hear(machine('RECOVER', { lostAt: T0 - 61 }), partner, 'primary').state, 'POTENTIAL-CONFLICT');
      assert.equal(hear(machine('RECOVER'), partner, 'primary').state, 'POTENTIAL-CONFLICT');
      assert.equal(hear(machine(partner), 'RECOVER', 'primary').state, 'PARTNER-DOWN');
    }
  });

  it('go to POTENTIAL-CONFLICT with a starting partner that served alone too: without stored state it would be in RECOVER', () => {
    const alone = machine('PARTNER-DOWN', { heard: false });
    assert.equal(hear(alone, 'PARTNER-DOWN', 'primary', true).state, 'POTENTIAL-CONFLICT');
    // dhcpd, and a partner that may still change its state
    assert.equal(hear(alone, 'PARTNER-DOWN', 'primary', true, { partnerAsks: false }).state, 'PARTNER-DOWN');
    assert.equal(hear(alone, 'COMMUNICATIONS-INTERRUPTED', 'primary', true).state, 'PARTNER-DOWN');
  });
});

import assert from 'node:assert/strict';
import { MICROS_PER_SECOND } from '../../../src/base/time.js';
import type { EventDraft } from '../../../src/ledger/event/event.js';
import type { BindingChange } from '../../../src/server/failover/api.js';
import { type Binding, type Holder, neverUsed } from '../../../src/server/failover/binding.js';
import { clientKey, type Lease } from '../../../src/server/leases/lease.js';
import { applyChange } from '../../../src/server/pair/changes.js';
import type { DecisionContext } from '../../../src/server/v4/context.js';

const ADDRESS = 0x0a000007;
const CLIENT: Holder = { htype: 1, hwaddr: '\x02\xf0\x00\x00\x00\x01', clientId: null };
const OTHER: Holder = { htype: 1, hwaddr: '\x02\xf0\x00\x00\x00\x02', clientId: null };
/** Told to the client at second 100, until a fraction of a second before 400. */
const [GIVEN, END] = [100, 399.9];

const OWN: Binding = {
  ...neverUsed(ADDRESS),
  status: 'ACTIVE',
  holder: CLIENT,
  starts: GIVEN,
  ends: 400,
  cltt: GIVEN,
  own: true,
};
const FREE: Binding = { ...OWN, status: 'FREE', own: false };

describe('What a failover endpoint did by itself', () => {
  let lease: Lease;
  let events: EventDraft[];

  beforeEach(() => {
    events = [];
    lease = {
      ...CLIENT,
      client: clientKey(CLIENT.htype, CLIENT.hwaddr, CLIENT.clientId),
      address: ADDRESS,
      state: 'active',
      hostname: 'host',
      start: GIVEN * MICROS_PER_SECOND,
      renewed: GIVEN * MICROS_PER_SECOND,
      end: END * MICROS_PER_SECOND,
      due: END * MICROS_PER_SECOND,
      port: { giaddr: 1, option82: '\x01\x01p' },
    };
  });

  function apply(
    second: number,
    after: Binding,
    reported: BindingChange['reported'],
    { cause = 'partner', before = OWN, clockAhead = 0, isPartners }: Partial<BindingChange> = {},
  ) {
    const now = second * MICROS_PER_SECOND;
    const put = (changed: Lease) => {
      lease = changed;
    };
    const record = (event: EventDraft) => void events.push(event);
    const desk = { settings: { name: 'dhcp-a' }, leases: { get: () => lease, put }, now, at: now, record };
    const change = { before, after, cause, reported, isPartners, clockAhead };
    applyChange(change, desk as unknown as DecisionContext, { wall: now, steady: now });
    return events.map(({ kind, leaseEnd }) => [kind, leaseEnd! / MICROS_PER_SECOND]);
  }

  const holder = () => lease.hwaddr;

  for (const reported of ['FREE', 'BACKUP', 'EXPIRED'] as const) {
    it(`records the end of an own lease of which the partner says ${reported}`, () => {
      assert.deepEqual(apply(500, { ...FREE, status: reported === 'BACKUP' ? 'BACKUP' : 'FREE' }, reported), [
        ['expired', END],
      ]);
      assert.deepEqual([lease.state, lease.end], ['expired', END * MICROS_PER_SECOND]);
    });
  }

  it('records the end of an own lease first if the partner has given the address to another client', () => {
    const given = { ...OWN, holder: OTHER, starts: 450, ends: 900, own: false };
    assert.deepEqual(apply(500, given, 'ACTIVE'), [['expired', END]]);
    assert.deepEqual([lease.state, holder(), lease.start], ['active', OTHER.hwaddr, 450 * MICROS_PER_SECOND]);
  });

  it('marks no lease released that another client released', () => {
    const ended = { ...FREE, holder: OTHER, starts: 480, ends: 480 };
    assert.deepEqual(apply(500, ended, 'RELEASED'), [['expired', END]]);
    assert.deepEqual([lease.state, holder()], ['expired', OTHER.hwaddr]);
    assert.ok(events.every(({ hwaddr }) => Buffer.from(hwaddr!).toString('latin1') === CLIENT.hwaddr));
  });

  it('records the end of the former term if the client came back at the partner after it', () => {
    assert.deepEqual(apply(500, { ...OWN, starts: 450, ends: 900, own: false }, 'ACTIVE'), [['expired', END]]);
    assert.equal(lease.start, 450 * MICROS_PER_SECOND);
  });

  it('leaves it to the partner to record the end of what it extended, or got back', () => {
    const extended = { ...OWN, starts: 380, ends: 900, own: false };
    assert.deepEqual(apply(500, extended, 'ACTIVE'), []);
    assert.equal(lease.start, GIVEN * MICROS_PER_SECOND);
  });

  it('leaves a release at the partner to the partner', () => {
    assert.deepEqual(apply(500, { ...FREE, starts: 390, ends: 390 }, 'RELEASED'), []);
    assert.equal(lease.state, 'released');
  });

  it('takes back a lease that lasts if its address is another client’s by an update that did not know of it', () => {
    const after = { ...OWN, holder: OTHER, starts: 190, ends: 900, own: false };
    assert.deepEqual(apply(200, after, 'ACTIVE', { before: { ...OWN, pending: true } }), [['revoked', 200]]);
  });

  it('keeps its own, finer times of a term that the partner repeats', () => {
    const before = lease;
    apply(200, { ...OWN, holder: { ...CLIENT }, port: null }, 'ACTIVE');
    assert.equal(lease.end, before.end);
  });

  it('keeps the end that its client was told of an own lease that the partner holds for longer', () => {
    const held: Binding = { ...OWN, ends: 600 };
    assert.deepEqual(apply(200, held, 'ACTIVE'), []);
    assert.deepEqual([lease.end, lease.due], [END * MICROS_PER_SECOND, 600 * MICROS_PER_SECOND]);
    assert.deepEqual(apply(601, { ...FREE, ends: 600 }, 'EXPIRED', { before: held }), [['expired', END]]);
  });

  it('records the end of an own lease that the partner held for longer, as one without memory, and found over', () => {
    const before = { ...OWN, pending: true };
    const ended = { ...FREE, starts: 40, cltt: 40, ends: 600 };
    assert.deepEqual(apply(601, ended, 'EXPIRED', { before, isPartners: false }), [['expired', END]]);
    assert.deepEqual([lease.state, lease.end], ['expired', END * MICROS_PER_SECOND]);
  });

  it('records the end of an own lease that the partner did not know of, and held its own of before for longer', () => {
    const before = { ...OWN, pending: true };
    const ended = { ...FREE, starts: 50, cltt: 50, ends: 600 };
    assert.deepEqual(apply(601, ended, 'EXPIRED', { before, isPartners: true }), [['expired', END]]);
  });

  it('records the end of an own lease that was longer than the partner’s by clocks that differ', () => {
    const before = { ...OWN, pending: true };
    const ended = { ...FREE, starts: 90, cltt: 90, ends: 430 };
    assert.deepEqual(apply(601, ended, 'EXPIRED', { before, isPartners: true, clockAhead: -40 }), [['expired', END]]);
  });

  it('leaves the end of a lease to the partner that had extended it', () => {
    const before = { ...OWN, pending: true };
    const ended = { ...FREE, starts: 300, cltt: 300, ends: 600 };
    for (const isPartners of [true, undefined]) {
      assert.deepEqual(apply(601, ended, 'EXPIRED', { before, isPartners }), []);
    }
  });

  it('keeps the port of a lease that its partner holds without one, and not of one that the partner has extended', () => {
    const { port } = lease;
    const held: Binding = { ...OWN, ends: 600, port: null };
    apply(200, held, 'ACTIVE');
    assert.deepEqual([lease.due, lease.port], [600 * MICROS_PER_SECOND, port]);
    apply(300, { ...held, starts: 290, own: false }, 'ACTIVE', { before: held });
    assert.equal(lease.port, null);
  });

  it('says nothing of an own lease that is over where the partner only repeats it', () => {
    assert.deepEqual(apply(401, { ...OWN, holder: { ...CLIENT } }, 'ACTIVE', { clockAhead: 50 }), []);
    assert.equal(lease.state, 'active');
  });

  it('records the end of an own lease if somebody declined the address at the partner later', () => {
    const declined: Binding = { ...FREE, status: 'ABANDONED', holder: null, starts: 450, cltt: 450, ends: 900 };
    assert.deepEqual(apply(500, declined, 'ABANDONED'), [['expired', END]]);
    assert.equal(lease.state, 'declined');
  });

  it('takes back what it extended after the client had declined it at the partner', () => {
    const declined: Binding = { ...FREE, status: 'ABANDONED', holder: null, starts: 100, cltt: 100, ends: 900 };
    assert.deepEqual(apply(200, declined, 'ABANDONED', { before: { ...OWN, pending: true } }), [['revoked', 200]]);
    assert.equal(lease.state, 'declined');
  });

  it('leaves it to the partner that the client declined there what it had got here', () => {
    const declined: Binding = { ...FREE, status: 'ABANDONED', holder: null, starts: 150, cltt: 150, ends: 900 };
    assert.deepEqual(apply(200, declined, 'ABANDONED'), []);
  });

  it('ends an own lease once, at its told end', () => {
    const expired: Binding = { ...OWN, status: 'EXPIRED', pending: true };
    assert.deepEqual(apply(401, expired, null, { cause: 'expired' }), [['expired', END]]);
    assert.deepEqual(apply(402, FREE, 'FREE'), [['expired', END]]);
  });
});

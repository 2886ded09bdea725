import assert from 'node:assert/strict';
import {
  BINDING_STATUS,
  MESSAGE,
  REJECT,
  SERVER_STATE,
  type ServerState,
} from '../../../src/protocol/failover/codes.js';
import { encodeMessage } from '../../../src/protocol/failover/message.js';
import { decodePortledgerLease } from '../../../src/protocol/failover/portledger-lease.js';
import { neverUsed } from '../../../src/server/failover/binding.js';
import { Bench, CLIENT, FIRST, OTHER, record, T0 } from './peer.js';

/** A pair in NORMAL whose pool is shared out. */
function normalPair(role: 'primary' | 'secondary', changes = {}): Bench {
  const bench = new Bench({ role, ...changes }, record('NORMAL'));
  bench.connect('NORMAL');
  bench.wait(1);
  bench.acknowledgeAll();
  bench.forget();
  return bench;
}

const chaddr = Buffer.from(`\x01${CLIENT.hwaddr}`, 'latin1');
const update = (address: number, status: keyof typeof BINDING_STATUS, changes = {}) => ({
  'assigned-IP-address': address,
  'binding-status': BINDING_STATUS[status],
  'client-hardware-address': chaddr,
  'lease-expiration-time': T0 + 300,
  'potential-expiration-time': T0 + 450,
  'start-time-of-state': T0,
  'client-last-transaction-time': T0,
  ...changes,
});

describe('the handshake of a failover pair', () => {
  it('is begun by the primary, whichever side dialled, and has all that dhcpd demands', () => {
    const bench = new Bench();
    bench.open();
    const [connect] = bench.sent;
    assert.equal(connect?.type, MESSAGE.CONNECT);
    assert.equal(connect?.xid, 0);
    assert.deepEqual(Object.keys(connect!.options), [
      'relationship-name',
      'max-unacked-bndupd',
      'receive-timer',
      'vendor-class-identifier',
      'protocol-version',
      'TLS-request',
      'MCLT',
      'hash-bucket-assignment',
    ]);
    const secondary = new Bench({ role: 'secondary' });
    secondary.open();
    assert.deepEqual(secondary.sent, []);
  });

  it('is answered by CONNECTACK and STATE; the secondary learns MCLT and buckets', () => {
    const bench = new Bench({ role: 'secondary' });
    bench.open();
    bench.greet({ MCLT: 77 });
    assert.deepEqual(
      bench.sent.map(({ type }) => type),
      [MESSAGE.CONNECTACK, MESSAGE.STATE],
    );
    assert.deepEqual(bench.sent[1]!.options, {
      'server-state': SERVER_STATE.RECOVER,
      'server-flags': 1,
      'start-time-of-state': T0,
    });
    assert.equal(bench.endpoint.status().mclt, 77);
    assert.equal(bench.endpoint.unsaved().record, null);
  });

  const REFUSED: [string, object, number, string, string][] = [
    [
      'another relationship',
      { 'relationship-name': 'other' },
      REJECT.INVALID_PARTNER,
      'failover-refused',
      'unknown relationship "other"',
    ],
    ['no MCLT', { MCLT: 0 }, REJECT.INVALID_MCLT, 'failover-refused', 'no MCLT in CONNECT'],
  ];
  for (const [what, options, code, id, reason] of REFUSED) {
    it(`refuses ${what} with its reason, and says so once`, () => {
      const bench = new Bench({ role: 'secondary' });
      bench.open();
      bench.greet(options);
      assert.equal(bench.sent[0]?.options['reject-reason'], code);
      assert.deepEqual(
        bench.logged.map((line) => [line.id, line.fields.reason]),
        [[id, reason]],
      );
      assert.deepEqual(bench.closed, [bench.link]);
      assert.equal(bench.endpoint.status().connected, false);
    });
  }

  for (const [role, type] of [
    ['primary', MESSAGE.CONNECTACK],
    ['secondary', MESSAGE.CONNECT],
  ] as const) {
    it(`is refused by a ${role} whose clock is off by more than 60 s`, () => {
      const bench = new Bench({ role });
      bench.open();
      bench.forget();
      const options = { 'relationship-name': 'pair', MCLT: 60 };
      const bytes = encodeMessage({ type, time: T0 - 61, xid: 0, options });
      bench.give({ type: 'received', link: bench.link, bytes });
      assert.equal(bench.sent[0]?.options['reject-reason'], REJECT.TIME_MISMATCH);
      assert.equal(bench.sent[0]?.options.message, 'clocks differ by 61 s, 60 s are allowed');
      assert.equal(bench.endpoint.status().clockAhead, 61);
      assert.deepEqual(
        bench.logged.map((line) => [line.id, line.fields.seconds]),
        [['failover-clocks-differ', 61]],
      );
      assert.deepEqual(bench.closed, [bench.link]);
    });
  }

  it('is awaited at the start, and the end of STARTUP is logged even if the state is the stored one', () => {
    const bench = new Bench({}, record('COMMUNICATIONS-INTERRUPTED'));
    bench.wait(16);
    const stay = { name: 'pair', from: 'STARTUP', to: 'COMMUNICATIONS-INTERRUPTED' };
    const logged = bench.logged.map(({ id, fields }) => [id, fields]);
    assert.deepEqual(logged, [['failover-state', { ...stay, reason: 'partner not heard at the start' }]]);
    bench.wait(16);
    assert.equal(bench.logged.length, 1);
  });

  it('shows the clock difference if the partner refused it for that, until clocks are compared again', () => {
    const bench = new Bench();
    bench.open();
    const refusal = { 'reject-reason': REJECT.TIME_MISMATCH, message: 'clocks' };
    const bytes = encodeMessage({ type: MESSAGE.CONNECTACK, time: T0 + 90, xid: 0, options: refusal });
    bench.give({ type: 'received', link: bench.link, bytes });
    assert.equal(bench.endpoint.status().clockAhead, -90);
    bench.connect('NORMAL');
    assert.equal(bench.endpoint.status().clockAhead, 0);
  });

  it('says that a connection was closed before the handshake, whatever the role', () => {
    for (const role of ['primary', 'secondary'] as const) {
      const bench = new Bench({ role });
      bench.give({ type: 'closed', link: bench.open() });
      assert.match(
        String(bench.logged.at(-1)?.fields.reason),
        /^the partner closed it before it (answered|sent) CONNECT/,
      );
    }
  });

  for (const role of ['primary', 'secondary'] as const) {
    it(`says plainly that both are ${role}`, () => {
      const bench = new Bench({ role });
      bench.open();
      if (role === 'primary') bench.say(MESSAGE.CONNECT, { 'relationship-name': 'pair', MCLT: 60 });
      else bench.wait(15);
      const [said, reason] =
        role === 'primary'
          ? ['failover-refused', /is a primary as well/]
          : ['failover-broken-message', /must be primary/];
      assert.match(String(bench.logged.find(({ id }) => id === said)?.fields.reason), reason as RegExp);
      assert.deepEqual(bench.closed, [bench.link]);
    });
  }

  it('closes the newer of two connections, and goes on with the first', () => {
    const bench = normalPair('secondary');
    const first = bench.link;
    bench.open();
    bench.greet();
    assert.deepEqual(bench.closed, [first + 1]);
    assert.equal(bench.endpoint.status().connected, true);
    bench.say(MESSAGE.CONTACT, {}, 0, first);
    assert.equal(bench.closed.length, 1);
  });

  it('ends after 15 s without an answer, and the next dial comes 5 s later', () => {
    const bench = new Bench();
    bench.wait(1);
    assert.equal(bench.dials, 1);
    bench.open();
    bench.wait(15);
    assert.deepEqual(bench.closed, [bench.link]);
    bench.wait(4);
    assert.equal(bench.dials, 1);
    bench.wait(1);
    assert.equal(bench.dials, 2);
  });
});

describe('a partner that is broken or hostile', () => {
  const frame = (...bytes: number[]) => Buffer.from(bytes);
  const BROKEN: [string, Buffer, RegExp][] = [
    ['a short frame', frame(0, 5), /message length 5 is not between/],
    ['a huge length', frame(0xff, 0xff), /message length 65535 is not between/],
    ['an unknown message', frame(0, 12, 99, 12, 0, 0, 0, 0, 0, 0, 0, 0), /message type 99 is not known/],
    ['a cut option', frame(0, 14, 10, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24), /ends within the header/],
    ['a second handshake', encodeMessage({ type: MESSAGE.CONNECT, time: T0, xid: 1, options: {} }), /second handshake/],
    [
      'an unknown state',
      encodeMessage({ type: MESSAGE.STATE, time: T0, xid: 1, options: { 'server-state': 77 } }),
      /unknown state: 77/,
    ],
  ];
  for (const [what, bytes, expected] of BROKEN) {
    it(`loses its connection by ${what}, with one line that says why; clients are served on`, () => {
      const bench = normalPair('primary');
      bench.give({ type: 'received', link: bench.link, bytes });
      assert.deepEqual(bench.closed, [bench.link]);
      const lines = bench.logged.filter(({ id }) => id === 'failover-disconnected');
      assert.equal(lines.length, 1);
      assert.match(String(lines[0]!.fields.reason), expected);
      assert.equal(bench.endpoint.status().state, 'COMMUNICATIONS-INTERRUPTED');
      assert.equal(bench.endpoint.silence(), undefined);
      assert.notEqual(bench.endpoint.pick(0, bench.now), undefined);
    });
  }

  it('loses its connection by a message before the handshake', () => {
    const bench = new Bench({ role: 'secondary' });
    bench.open();
    bench.say(MESSAGE.BNDUPD, update(FIRST, 'ACTIVE'));
    assert.deepEqual(
      bench.logged.map(({ id, fields }) => [id, fields.reason]),
      [['failover-broken-message', 'message type 3 before the handshake']],
    );
    assert.equal(bench.endpoint.binding(FIRST).status, 'FREE');
  });

  it('loses its connection by a flood of updates', () => {
    const bench = normalPair('primary');
    const flood = Array.from({ length: 200 }, (_, xid) =>
      encodeMessage({ type: MESSAGE.BNDUPD, time: T0, xid, options: update(FIRST, 'ACTIVE') }),
    );
    bench.give({ type: 'received', link: bench.link, bytes: Buffer.concat(flood) });
    const lines = bench.logged.filter(({ id }) => id === 'failover-disconnected');
    assert.deepEqual(
      lines.map(({ fields }) => fields.reason),
      ['the partner sent 111 updates without waiting for answers'],
    );
    assert.deepEqual(bench.closed, [bench.link]);
  });

  it('is lost by its silence, unless it sends CONTACT', () => {
    const bench = normalPair('primary');
    for (let i = 0; i < 5; i++) {
      bench.wait(20);
      bench.say(MESSAGE.CONTACT);
    }
    assert.equal(bench.endpoint.status().state, 'NORMAL');
    bench.wait(30);
    assert.equal(bench.endpoint.status().state, 'COMMUNICATIONS-INTERRUPTED');
    assert.match(
      String(bench.logged.find(({ id }) => id === 'failover-disconnected')?.fields.reason),
      /silent for 30 s/,
    );
  });

  it('is not lost after a pause of this process or a set clock', () => {
    const bench = normalPair('primary');
    bench.time += 100;
    bench.wait(29);
    assert.equal(bench.endpoint.status().state, 'NORMAL');
    bench.wait(2);
    assert.equal(bench.endpoint.status().state, 'COMMUNICATIONS-INTERRUPTED');
  });

  it('gets a CONTACT three times in the time that it would wait', () => {
    const bench = normalPair('primary');
    bench.forget();
    for (let i = 0; i < 3; i++) {
      bench.wait(10);
      bench.say(MESSAGE.CONTACT);
    }
    assert.equal(bench.of(MESSAGE.CONTACT).length, 3);
  });
});

describe('updates of a failover pair', () => {
  it('are sent after they are stored, one for an address at a time, within the window', () => {
    const bench = new Bench({ pools: [{ first: FIRST, last: FIRST + 29, excluded: new Set() }] }, record('NORMAL'));
    bench.open();
    bench.greet({ 'max-unacked-bndupd': 3 });
    bench.state('NORMAL');
    assert.equal(bench.endpoint.status().unacked, 0);
    bench.endpoint.granted(
      { ...CLIENT, address: FIRST, hostname: null, port: null, seconds: 60, desired: 300 },
      bench.now,
    );
    assert.deepEqual(bench.of(MESSAGE.BNDUPD), []);
    bench.commit();
    assert.equal(bench.of(MESSAGE.BNDUPD).length, 1);
    bench.wait(1);
    assert.equal(bench.endpoint.status().unacked, 3);
    bench.acknowledgeAll();
    assert.deepEqual([bench.endpoint.status().unacked, bench.endpoint.status().pending], [0, 0]);
  });

  it('have the end of a lease, and its potential end', () => {
    const bench = normalPair('primary');
    assert.equal(bench.grant(FIRST + 9), 60);
    const [sent] = bench.of(MESSAGE.BNDUPD);
    const now = T0 + bench.time;
    assert.deepEqual(sent?.options, {
      'assigned-IP-address': FIRST + 9,
      'binding-status': BINDING_STATUS.ACTIVE,
      'client-hardware-address': chaddr,
      'lease-expiration-time': now + 60,
      'potential-expiration-time': now + 330,
      'start-time-of-state': now,
      'client-last-transaction-time': now,
    });
    bench.acknowledgeAll();
    assert.equal(bench.grant(FIRST + 9), 300);
    bench.give({ type: 'closed', link: bench.link });
    bench.wait(200);
    // Out of contact no more than MCLT beyond what the partner has acknowledged: 330 - 200 + 60
    assert.equal(bench.endpoint.leaseSeconds(FIRST + 9, CLIENT, 300, bench.now), 190);
    assert.equal(bench.endpoint.leaseSeconds(FIRST + 9, OTHER, 300, bench.now), 60);
  });

  it('keep no place in the window after an answer with a wrong xid', () => {
    const bench = normalPair('primary', { maxUnackedUpdates: 1 });
    bench.grant(FIRST + 9);
    bench.say(MESSAGE.BNDACK, { 'assigned-IP-address': FIRST + 9 }, 55555);
    assert.equal(bench.endpoint.status().unacked, 0);
    assert.equal(bench.endpoint.status().pending, 1);
    bench.forget();
    bench.wait(20);
    bench.say(MESSAGE.CONTACT);
    bench.wait(20);
    bench.say(MESSAGE.CONTACT);
    bench.wait(21);
    assert.equal(bench.of(MESSAGE.BNDUPD).length, 1);
    bench.acknowledgeAll();
    assert.equal(bench.endpoint.status().pending, 0);
  });

  it('are requested twice by dhcpd: the last request is answered, when its updates are', () => {
    const bench = new Bench({ role: 'secondary' }, record('NORMAL'));
    bench.connect('RECOVER');
    bench.forget();
    bench.say(MESSAGE.UPDREQALL, {}, 4);
    bench.say(MESSAGE.UPDREQALL, {}, 5);
    assert.deepEqual(bench.of(MESSAGE.UPDDONE), []);
    const updates = new Set<number>();
    while (bench.of(MESSAGE.BNDUPD).length > 0) {
      const batch = bench.of(MESSAGE.BNDUPD);
      assert.deepEqual(bench.of(MESSAGE.UPDDONE), []);
      bench.forget();
      for (const { xid, options } of batch) {
        updates.add(options['assigned-IP-address']!);
        bench.say(MESSAGE.BNDACK, { 'assigned-IP-address': options['assigned-IP-address']! }, xid);
      }
    }
    assert.equal(updates.size, 10);
    assert.deepEqual(
      bench.of(MESSAGE.UPDDONE).map(({ xid }) => xid),
      [5],
    );
  });

  it('are answered with nothing but the address, after the commit', () => {
    const bench = normalPair('primary');
    const xid = bench.say(MESSAGE.BNDUPD, update(FIRST, 'ACTIVE'));
    const [answer] = bench.of(MESSAGE.BNDACK);
    assert.deepEqual([answer?.xid, answer?.options], [xid, { 'assigned-IP-address': FIRST }]);
    const [change] = bench.endpoint.takeChanges().filter(({ cause }) => cause === 'partner');
    assert.deepEqual([change?.after.status, change?.reported, change?.before.status], ['ACTIVE', 'ACTIVE', 'BACKUP']);
  });

  it('may have any time: what follows from it can still be stored and sent', () => {
    const bench = normalPair('primary');
    const late = { 'lease-expiration-time': 0xffffffff, 'potential-expiration-time': 0xffffffff };
    bench.say(MESSAGE.BNDUPD, update(FIRST, 'ACTIVE', late));
    bench.give({ type: 'closed', link: bench.link });
    bench.wait(1);
    bench.connect('RECOVER');
    bench.say(MESSAGE.UPDREQALL);
    const told = bench.of(MESSAGE.BNDUPD).find(({ options }) => options['assigned-IP-address'] === FIRST);
    assert.equal(told?.options['lease-expiration-time'], 0x7fffffff);
  });

  it('leave a lease to one server alone', () => {
    for (const [role, expected] of [
      ['primary', true],
      ['secondary', false],
    ] as const) {
      const bench = new Bench({ role }, record('NORMAL'));
      bench.open();
      bench.greet({ 'vendor-class-identifier': 'portledger-9' });
      bench.state('NORMAL');
      bench.wait(1);
      bench.acknowledgeAll();
      const address = bench.endpoint.pick(0, bench.now) ?? FIRST;
      bench.grant(address);
      // The partner gave the same lease in the same second, and says that it is its own
      const [sent] = bench.of(MESSAGE.BNDUPD);
      bench.say(MESSAGE.BNDUPD, sent!.options);
      assert.equal(bench.endpoint.binding(address).own, expected, role);
    }
  });

  it('leave nothing behind if they could not be stored', () => {
    const bench = normalPair('primary');
    const before = bench.endpoint.binding(FIRST);
    const bytes = encodeMessage({ type: MESSAGE.BNDUPD, time: T0, xid: 9, options: update(FIRST, 'ACTIVE') });
    bench.endpoint.handle({ type: 'received', link: bench.link, bytes }, bench.now);
    const outputs = bench.endpoint.failed(bench.now);
    assert.deepEqual(
      outputs.map(({ type }) => type),
      ['close', 'log'],
    );
    assert.equal(bench.endpoint.binding(FIRST), before);
    assert.deepEqual(bench.endpoint.unsaved().bindings, []);
    assert.equal(bench.endpoint.status().state, 'COMMUNICATIONS-INTERRUPTED');
  });

  it('are refused for addresses that are in no pool, which is logged once', () => {
    const bench = normalPair('primary');
    bench.say(MESSAGE.BNDUPD, update(FIRST + 500, 'ACTIVE'));
    bench.say(MESSAGE.BNDUPD, update(FIRST + 501, 'ACTIVE'));
    assert.deepEqual(
      bench.of(MESSAGE.BNDACK).map(({ options }) => options['reject-reason']),
      [1, 1],
    );
    assert.deepEqual(
      bench.logged.map(({ id, fields }) => [id, fields.whose]),
      [['failover-pools-differ', 'this server']],
    );
  });

  it('may be refused because the partner has the address in no pool', () => {
    const bench = normalPair('primary');
    bench.grant(FIRST);
    const refusal = { 'assigned-IP-address': FIRST, 'reject-reason': REJECT.NOT_IN_POOL, message: 'no pool' };
    bench.say(MESSAGE.BNDACK, refusal, bench.of(MESSAGE.BNDUPD).at(-1)!.xid);
    const fields = { name: 'pair', address: '198.18.0.1', whose: 'the partner' };
    assert.deepEqual(bench.logged.at(-1), { type: 'log', id: 'failover-pools-differ', fields });
  });

  it('carry the port to another Portledger, and to nobody else', () => {
    for (const [vendor, carried] of [
      ['portledger-9', true],
      ['isc-4.4.3-P1', false],
    ] as const) {
      const bench = new Bench({}, record('NORMAL'));
      bench.open();
      bench.greet({ 'vendor-class-identifier': vendor });
      bench.state('NORMAL');
      const port = { giaddr: 1, option82: '\x01\x02ab' };
      bench.endpoint.granted({ ...CLIENT, address: FIRST, hostname: 'h', port, seconds: 60, desired: 60 }, bench.now);
      bench.commit();
      const [sent] = bench.of(MESSAGE.BNDUPD);
      assert.equal(sent!.options['portledger-lease'] !== undefined, carried, vendor);
      if (!carried) continue;
      const partner = normalPair('secondary');
      partner.say(MESSAGE.BNDUPD, sent!.options);
      assert.deepEqual(partner.endpoint.binding(FIRST).port, port);
      assert.equal(partner.endpoint.binding(FIRST).hostname, 'h');
    }
  });

  it('carry no port to a partner that lost its stored state until the client is seen again, for it may have seen it elsewhere', () => {
    const bench = new Bench({}, record('NORMAL'));
    const port = { giaddr: 1, option82: '\x01\x02ab' };
    const connects = (state: ServerState, since: number) => {
      bench.open();
      bench.greet({ 'vendor-class-identifier': 'portledger-9' });
      bench.state(state, true, since);
    };
    const seesClient = () => {
      bench.endpoint.granted({ ...CLIENT, address: FIRST, hostname: 'h', port, seconds: 60, desired: 60 }, bench.now);
      bench.commit();
    };
    const told = () => {
      const updates = bench.of(MESSAGE.BNDUPD).filter(({ options }) => options['assigned-IP-address'] === FIRST);
      return decodePortledgerLease(updates.at(-1)?.options['portledger-lease']);
    };
    connects('NORMAL', T0 - 500);
    seesClient();
    assert.deepEqual(told(), { port, hostname: 'h', own: true });
    bench.acknowledgeAll();
    bench.give({ type: 'closed', link: bench.link });
    bench.wait(1);
    connects('RECOVER', T0 + 1);
    bench.say(MESSAGE.UPDREQALL);
    assert.deepEqual(told(), { port: null, hostname: 'h', own: true });
    bench.acknowledgeAll();
    seesClient();
    bench.say(MESSAGE.UPDREQALL);
    assert.deepEqual(told(), { port, hostname: 'h', own: true });
    // Nor the one of a lease that is over: its client may go on at the partner
    bench.acknowledgeAll();
    bench.endpoint.released(FIRST, bench.now);
    bench.commit();
    bench.acknowledgeAll();
    assert.deepEqual(bench.endpoint.binding(FIRST).port, port);
    bench.give({ type: 'closed', link: bench.link });
    bench.wait(1);
    connects('RECOVER', T0 + 5);
    bench.say(MESSAGE.UPDREQALL);
    assert.deepEqual(told(), { port: null, hostname: 'h', own: false });
  });
});

describe('the service of a failover pair', () => {
  it('is shared by hash bucket, until a client has waited or the partner has no address left', () => {
    const bench = normalPair('primary');
    const [own, partners] = ['\x01\x02\x03\x04', '\x02\xf0\0\0\x01\x01'];
    assert.equal(bench.endpoint.refusalOfDiscover(own, 0), undefined);
    assert.equal(bench.endpoint.refusalOfDiscover(partners, 3), 'failover-load-balanced');
    assert.equal(bench.endpoint.refusalOfDiscover(partners, 4), undefined);
    bench.give({ type: 'closed', link: bench.link });
    assert.equal(bench.endpoint.refusalOfDiscover(partners, 0), undefined);
  });

  it('gives its own half only, and the other half after MCLT in PARTNER-DOWN', () => {
    const bench = normalPair('primary');
    const { free, backup } = bench.endpoint.status().pools[0]!;
    assert.deepEqual([free, backup], [5, 5]);
    const own = Array.from({ length: 10 }, (_, i) => FIRST + i).filter((address) =>
      bench.endpoint.mayAllocate(address, null, bench.now),
    );
    assert.equal(own.length, 5);
    bench.give({ type: 'closed', link: bench.link });
    bench.wait(1);
    bench.give({ type: 'operator', command: 'partner-down' });
    for (const address of own)
      bench.grant(address, { ...CLIENT, hwaddr: `\x02\0\0\0\0${String.fromCharCode(address & 255)}` });
    assert.equal(bench.endpoint.pick(0, bench.now), undefined);
    const { takesOverAt } = bench.endpoint.status();
    bench.wait(takesOverAt - T0 - bench.time - 1);
    assert.ok(bench.time > 60, `${bench.time} s`);
    assert.equal(bench.endpoint.pick(0, bench.now), undefined);
    bench.wait(1);
    assert.notEqual(bench.endpoint.pick(0, bench.now), undefined);
  });

  it('is refused in RECOVER-WAIT until the second in the status', () => {
    const bench = new Bench({ role: 'secondary' });
    bench.connect('PARTNER-DOWN');
    bench.say(MESSAGE.BNDUPD, update(FIRST, 'ACTIVE'));
    const question = bench.of(MESSAGE.UPDREQALL).at(-1)!;
    bench.say(MESSAGE.UPDDONE, {}, question.xid);
    const { state, waitsUntil } = bench.endpoint.status();
    assert.equal(state, 'RECOVER-WAIT');
    while (T0 + bench.time < waitsUntil) {
      bench.say(MESSAGE.CONTACT);
      bench.wait(1);
    }
    assert.equal(bench.endpoint.status().state, 'RECOVER-WAIT');
    bench.wait(1);
    assert.equal(bench.endpoint.status().waitsUntil, 0);
    assert.notEqual(bench.endpoint.status().state, 'RECOVER-WAIT');
  });

  it('does not pick offered addresses', () => {
    const bench = normalPair('primary');
    const seen = new Set<number>();
    for (
      let address = bench.endpoint.pick(0, bench.now);
      address !== undefined;
      address = bench.endpoint.pick(0, bench.now)
    ) {
      seen.add(address);
      bench.endpoint.offered(address);
    }
    assert.equal(seen.size, 5);
    bench.endpoint.offerEnded([...seen][2]!);
    assert.equal(bench.endpoint.pick(0, bench.now), [...seen][2]);
  });

  it('ends leases in NORMAL only as primary, and frees them when the partner agrees', () => {
    const [primary, secondary] = [normalPair('primary'), normalPair('secondary')];
    for (const bench of [primary, secondary])
      bench.say(MESSAGE.BNDUPD, update(FIRST, 'ACTIVE', { 'lease-expiration-time': T0 + 5 }));
    primary.forget();
    primary.wait(9);
    secondary.wait(9);
    assert.equal(secondary.endpoint.binding(FIRST).status, 'ACTIVE');
    assert.equal(primary.endpoint.binding(FIRST).status, 'EXPIRED');
    assert.equal(primary.endpoint.mayAllocate(FIRST, OTHER, primary.now), false);
    primary.acknowledgeAll();
    assert.match(primary.endpoint.binding(FIRST).status, /FREE|BACKUP/);
  });

  it('is not begun alone by a secondary that never received mclt', () => {
    const bench = new Bench({ role: 'secondary' });
    bench.wait(20);
    bench.give({ type: 'operator', command: 'partner-down' });
    assert.equal(bench.endpoint.status().state, 'RECOVER');
    assert.match(String(bench.logged.at(-1)?.fields.reason), /never sent its mclt/);
  });

  it('is not begun alone without stored state before the longest lease is over', () => {
    const bench = new Bench();
    bench.wait(20);
    bench.give({ type: 'operator', command: 'partner-down' });
    assert.equal(bench.endpoint.status().state, 'PARTNER-DOWN');
    bench.wait(299);
    const reasons = () => [
      bench.endpoint.withholds(bench.now),
      bench.endpoint.refusalToServe(FIRST, CLIENT, bench.now),
    ];
    assert.equal(bench.endpoint.pick(0, bench.now), undefined);
    assert.deepEqual(reasons(), ['failover-former-leases', 'failover-former-leases']);
    bench.wait(2);
    assert.notEqual(bench.endpoint.pick(0, bench.now), undefined);
    assert.deepEqual(reasons(), [undefined, undefined]);
    const { withholdsUntil, takesOverAt, waitsUntil } = bench.endpoint.status();
    assert.deepEqual([withholdsUntil, takesOverAt, waitsUntil], [T0 + bench.time, T0 + bench.time + 1, 0]);
    bench.forget();
    bench.give({ type: 'operator', command: 'partner-down' });
    assert.deepEqual(bench.logged, []);
  });

  it('assumes no longer leases for a partner that starts again after a known shutdown', () => {
    for (const [since, isLost] of [
      [T0, false],
      [T0 + 5, true],
    ] as const) {
      const bench = normalPair('primary');
      bench.grant(FIRST);
      bench.acknowledgeAll();
      bench.state('SHUTDOWN', false, T0);
      bench.give({ type: 'closed', link: bench.link });
      bench.wait(1);
      bench.forget();
      bench.open();
      bench.greet();
      bench.state('RECOVER', true, since);
      assert.equal(bench.endpoint.status().state, 'PARTNER-DOWN');
      assert.equal(
        bench.logged.some(({ id }) => id === 'failover-partner-lost-memory'),
        isLost,
      );
    }
  });

  it('keeps the start time of a shutdown in RECOVER, after a restart or not, so that its partner sees that nothing was lost', () => {
    for (const isRestart of [true, false]) {
      const stored = isRestart ? record('SHUTDOWN') : record('NORMAL');
      const bench = new Bench({}, stored);
      if (!isRestart) {
        bench.connect('NORMAL');
        bench.give({ type: 'operator', command: 'shutdown' });
        bench.wait(7);
        bench.give({ type: 'operator', command: 'resume' });
      }
      const { state, since } = bench.endpoint.status();
      assert.deepEqual([state, since], isRestart ? ['STARTUP', T0 - 1000] : ['RECOVER', T0]);
    }
  });

  it('assumes that a lease that is over here goes on if the partner lost its stored state: it may have extended it without contact', () => {
    for (const [isAlone, status, ends] of [
      [false, 'ACTIVE', 161],
      [true, 'EXPIRED', -200],
    ] as const) {
      const known = { ...neverUsed(FIRST), status: 'EXPIRED', holder: CLIENT, ends: T0 - 200, pending: true } as const;
      const bench = new Bench({}, record(isAlone ? 'PARTNER-DOWN' : 'COMMUNICATIONS-INTERRUPTED'), [known]);
      bench.wait(100);
      bench.open();
      bench.greet({ 'vendor-class-identifier': 'portledger-9' });
      bench.state('RECOVER', true, T0 + 99);
      const found = bench.endpoint.binding(FIRST);
      assert.deepEqual([found.status, found.ends - T0], [status, ends]);
    }
  });

  it('finds an address behind many that are not free yet', () => {
    const pools = [{ first: FIRST, last: FIRST + 63, excluded: new Set<number>() }];
    const bench = new Bench({ pools }, record('PARTNER-DOWN', { since: T0 - 500 }), [
      // Ended early in the list, and promised for long
      ...Array.from({ length: 20 }, (_, i) => ({
        ...neverUsed(FIRST + i),
        status: 'BACKUP' as const,
        starts: 1,
        ends: 1 + i,
        promised: T0 + 9999,
      })),
      { ...neverUsed(FIRST + 20), status: 'BACKUP' as const, starts: 1, ends: 100 },
      ...Array.from({ length: 43 }, (_, i) => ({
        ...neverUsed(FIRST + 21 + i),
        status: 'ABANDONED' as const,
        ends: T0 + 9999,
      })),
    ]);
    bench.wait(16);
    const found = Array.from({ length: 4 }, () => bench.endpoint.pick(0, bench.now));
    assert.deepEqual(found, [undefined, undefined, FIRST + 20, FIRST + 20]);
  });

  it('ends the connection after a clock was set', () => {
    const bench = normalPair('primary');
    for (let i = 0; i < 14; i++) {
      bench.wait(10);
      const bytes = encodeMessage({ type: MESSAGE.CONTACT, time: T0 + bench.time - 100, xid: 1, options: {} });
      bench.give({ type: 'received', link: bench.link, bytes });
    }
    bench.wait(1);
    assert.equal(bench.logged.find(({ id }) => id === 'failover-clocks-differ')?.fields.seconds, 100);
    assert.equal(bench.endpoint.status().connected, false);
  });

  it('rouses a dhcpd in PARTNER-DOWN that sends no updates, and answers nobody until they have arrived', () => {
    const bench = new Bench({}, record('COMMUNICATIONS-INTERRUPTED'));
    bench.connect('PARTNER-DOWN');
    assert.equal(bench.endpoint.status().state, 'RECOVER');
    const { xid } = bench.of(MESSAGE.UPDREQALL).at(-1)!;
    bench.wait(15);
    bench.say(MESSAGE.BNDUPD, update(FIRST, 'BACKUP'));
    bench.forget();
    const told = () => bench.of(MESSAGE.STATE).map(({ options }) => options['server-state']);
    bench.wait(19);
    assert.deepEqual(told(), []);
    bench.wait(5);
    assert.deepEqual(told(), [SERVER_STATE['RECOVER-DONE']]);
    bench.state('NORMAL');
    assert.deepEqual([bench.endpoint.status().state, bench.endpoint.silence()], ['RECOVER', 'failover-recovering']);
    assert.deepEqual(bench.of(MESSAGE.UPDREQALL), []);
    bench.say(MESSAGE.UPDDONE, {}, xid);
    assert.equal(bench.endpoint.status().state, 'NORMAL');
  });

  it('waits for MCLT before it rouses a partner if it has lost its stored state', () => {
    const bench = new Bench();
    bench.connect('PARTNER-DOWN');
    bench.forget();
    const isRoused = () => bench.logged.some(({ id }) => id === 'failover-partner-roused');
    for (const [seconds, expected] of [
      [29, false],
      [29, false],
      [5, true],
    ] as const) {
      bench.wait(seconds);
      bench.say(MESSAGE.CONTACT);
      assert.equal(isRoused(), expected);
    }
  });

  it('does not rouse a Portledger, which sends what it has', () => {
    const bench = new Bench({}, record('COMMUNICATIONS-INTERRUPTED'));
    bench.open();
    bench.greet({ 'vendor-class-identifier': 'portledger-1' });
    bench.state('PARTNER-DOWN');
    bench.wait(29);
    assert.ok(!bench.logged.some(({ id }) => id === 'failover-partner-roused'));
  });

  it('logs why the partner cannot be declared down', () => {
    const bench = normalPair('primary');
    bench.give({ type: 'operator', command: 'partner-down' });
    assert.deepEqual(bench.logged.at(-1), {
      type: 'log',
      id: 'failover-command-refused',
      fields: { name: 'pair', command: 'partner-down', reason: 'the partner is connected, in normal' },
    });
  });

  it('demands that a paused server is resumed before its partner can be declared down', () => {
    for (const [command, state] of [
      ['pause', 'paused'],
      ['shutdown', 'shutdown'],
    ] as const) {
      const bench = normalPair('primary');
      bench.give({ type: 'operator', command });
      bench.give({ type: 'closed', link: bench.link });
      bench.give({ type: 'operator', command: 'partner-down' });
      assert.equal(bench.logged.at(-1)?.fields.reason, `this server is in ${state}: resume first`);
    }
  });

  it('logs which client keeps an address that both servers have leased', () => {
    const bench = normalPair('primary');
    bench.grant(FIRST, OTHER);
    bench.acknowledgeAll();
    bench.wait(5);
    const later = { 'client-last-transaction-time': T0 + 5, 'start-time-of-state': T0 + 5 };
    bench.say(MESSAGE.BNDUPD, update(FIRST, 'ACTIVE', later));
    assert.deepEqual(bench.logged.find(({ id }) => id === 'failover-conflict')?.fields, {
      name: 'pair',
      address: '198.18.0.1',
      kept: '02:00:00:00:00:01',
      lost: '02:00:00:00:00:02',
    });
  });

  it('promises no earlier end than the partner knows, which may have extended the lease that far', () => {
    const bench = normalPair('primary');
    bench.grant(FIRST, CLIENT, 250);
    bench.acknowledgeAll();
    bench.wait(1);
    bench.grant(FIRST, CLIENT, 250);
    bench.acknowledgeAll();
    const known = bench.endpoint.binding(FIRST).acknowledged;
    bench.give({ type: 'closed', link: bench.link });
    bench.grant(FIRST, CLIENT, 60);
    const { promised, acknowledged } = bench.endpoint.binding(FIRST);
    assert.deepEqual([promised, acknowledged], [known, known]);
    bench.give({ type: 'operator', command: 'partner-down' });
    bench.wait(known - T0 - bench.time + 60);
    assert.equal(bench.endpoint.mayAllocate(FIRST, OTHER, bench.now), false);
  });

  it('frees no lease without its partner that was given while a connection was set up', () => {
    const bench = new Bench({ role: 'secondary' }, record('COMMUNICATIONS-INTERRUPTED'), [
      { ...neverUsed(FIRST), status: 'BACKUP', starts: T0 - 500 },
    ]);
    bench.wait(16);
    bench.open();
    bench.greet();
    bench.grant(FIRST);
    assert.deepEqual([bench.endpoint.binding(FIRST).status, bench.endpoint.binding(FIRST).rewind], ['ACTIVE', null]);
  });

  it('has no more updates unanswered than a socket buffers, whatever the partner allows', () => {
    const pools = [{ first: FIRST, last: FIRST + 1999, excluded: new Set<number>() }];
    const used = Array.from({ length: 2000 }, (_, i) => ({
      ...neverUsed(FIRST + i),
      status: 'FREE' as const,
      starts: T0 - 500,
      pending: true,
    }));
    const bench = new Bench({ pools }, record('NORMAL'), used);
    bench.open();
    bench.greet({ 'max-unacked-bndupd': 60_000 });
    bench.state('NORMAL');
    bench.wait(5);
    assert.equal(bench.of(MESSAGE.BNDUPD).length, 1000);
  });

  it('keeps the reservation of a dhcpd, and gives such an address to nobody else', () => {
    const bench = normalPair('primary', { hba: Buffer.alloc(32, 0xff) });
    const reserved = { 'IP-flags': 1 };
    bench.say(MESSAGE.BNDUPD, update(FIRST, 'ACTIVE', reserved));
    bench.grant(FIRST);
    assert.equal(bench.endpoint.binding(FIRST).flags, 1);
    bench.acknowledgeAll();
    bench.endpoint.released(FIRST, bench.now);
    bench.commit();
    bench.acknowledgeAll();
    assert.equal(bench.endpoint.binding(FIRST).status, 'FREE');
    assert.deepEqual(
      [CLIENT, OTHER].map((client) => bench.endpoint.mayAllocate(FIRST, client, bench.now)),
      [true, false],
    );
  });

  it('forgets the reservation with a client that declines the address', () => {
    const bench = normalPair('primary', { hba: Buffer.alloc(32, 0xff) });
    bench.say(MESSAGE.BNDUPD, update(FIRST, 'ACTIVE', { 'IP-flags': 3 }));
    bench.grant(FIRST);
    assert.equal(bench.endpoint.binding(FIRST).flags, 1);
    bench.endpoint.declined(FIRST, T0 + bench.time + 5, bench.now);
    bench.commit();
    bench.acknowledgeAll();
    for (let i = 0; i < 10; i++) {
      bench.wait(1);
      bench.acknowledgeAll();
    }
    assert.deepEqual([bench.endpoint.binding(FIRST).status, bench.endpoint.binding(FIRST).flags], ['FREE', 0]);
    assert.equal(bench.endpoint.mayAllocate(FIRST, OTHER, bench.now), true);
  });

  it('shares the lease of a client without a hardware address, and refuses one that nothing identifies', () => {
    const bench = normalPair('primary');
    const bare = { 'client-hardware-address': Buffer.from([32]) };
    const identified = bench.say(
      MESSAGE.BNDUPD,
      update(FIRST, 'ACTIVE', { ...bare, 'client-identifier': Buffer.from('id') }),
    );
    const nobody = bench.say(MESSAGE.BNDUPD, update(FIRST + 1, 'ACTIVE', bare));
    const answers = bench.of(MESSAGE.BNDACK).map(({ xid, options }) => [xid, options['reject-reason']]);
    assert.deepEqual(answers, [
      [identified, undefined],
      [nobody, REJECT.MISSING_INFORMATION],
    ]);
    assert.deepEqual(bench.endpoint.binding(FIRST).holder, { htype: 32, hwaddr: '', clientId: 'id' });
  });

  it('sends its name in the octets of UTF-8, as dhcpd does', () => {
    const bench = new Bench({ name: 'кампус' });
    bench.open();
    const told = bench.sent[0]!.options['relationship-name']!;
    assert.equal(Buffer.from(told, 'latin1').toString(), 'кампус');
    bench.greet({ 'relationship-name': told });
    assert.equal(bench.endpoint.status().connected, true);
  });
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { until } from '../../../rig/lab/until.js';
import { Sqlite } from '../../../src/base/sqlite.js';
import { type Clock, SystemClock } from '../../../src/base/time.js';
import { serveSettings } from '../../../src/config/config.js';
import { loadConfig } from '../../../src/config/load.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { formatIpv4, parseIpv4 } from '../../../src/net/ipv4.js';
import { SERVER_CONTRACT } from '../../../src/operate/control/contract.js';
import { askServer, controlPath } from '../../../src/operate/control/control.js';
import { BINDING_STATUS, MESSAGE } from '../../../src/protocol/failover/codes.js';
import type { FailoverMessage } from '../../../src/protocol/failover/message.js';
import type { OptionValues } from '../../../src/protocol/failover/options.js';
import { encodePortledgerLease } from '../../../src/protocol/failover/portledger-lease.js';
import { DhcpServer } from '../../../src/server/server.js';
import type { ServeSettings } from '../../../src/server/settings.js';
import { replaceServerQueue } from '../../../src/server/store/replace.js';
import { leasesOf } from '../../../src/server/store/server-store.js';
import { TestPartner } from '../../support/failover-partner.js';
import { option82, TestLogger, TYPE } from '../../support/lab.js';
import { TestRelay } from '../../support/relay-agent.js';
import { readSharedState } from '../../support/shared-state.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const [SERVER, PARTNER, RELAY] = ['127.66.48.1', '127.66.48.2', '127.66.48.9'];
const SHARED = '127.66.100.1-127.66.100.20';
const CLIENT = { htype: 1, hwaddr: '02f000000001' };

/** What a configuration has in place of the usual. */
interface Changes {
  pools?: unknown[];
  failover?: unknown[];
  listen?: unknown[];
  subnets?: unknown[];
  /** Of the relationship alone. */
  relationship?: Record<string, unknown>;
}

/** The clock of this machine, some seconds off, and stopped on demand. Microseconds. */
class OddClock extends SystemClock {
  readonly #ahead: number;
  #stoppedAt: { wall: number; steady: number } | undefined;

  constructor(seconds: number) {
    super();
    this.#ahead = seconds * 1e6;
  }

  override now(): number {
    return this.#stoppedAt?.wall ?? super.now() + this.#ahead;
  }

  override monotonic(): number {
    return this.#stoppedAt?.steady ?? super.monotonic();
  }

  /** From now on it is this time of the wall clock. */
  stopAt(wall: number): void {
    this.#stoppedAt = { wall, steady: this.monotonic() + wall - this.now() };
  }
}

describe('A server of a failover pair', function () {
  this.timeout(20_000);
  let folder: string;
  let relay: TestRelay;
  let logger: TestLogger;
  let port: number;
  let server: DhcpServer | undefined;

  beforeEach(async () => {
    folder = makeTempDir();
    relay = await TestRelay.open(RELAY, SERVER);
    logger = new TestLogger();
    port = await freePort();
  });

  afterEach(async () => {
    await server?.stop();
    server = undefined;
    relay.close();
    removeTempDir(folder);
  });

  function config({
    pools = [{ range: SHARED, failover: 'pair' }],
    relationship: changed = {},
    ...more
  }: Changes = {}): ServeSettings {
    const file = join(folder, 'portledger.yaml');
    const relationship = {
      name: 'pair',
      role: 'primary',
      address: SERVER,
      port,
      'peer-address': PARTNER,
      mclt: 60,
      split: 256,
      ...changed,
    };
    const section = {
      name: 'dhcp-a',
      listen: [{ address: SERVER, port: relay.port }],
      'trusted-relays': [RELAY],
      failover: [relationship],
      subnets: [{ subnet: '127.66.0.0/16', pools, options: { routers: ['127.66.0.1'] } }],
      ...more,
    };
    writeFileSync(file, stringify({ server: section, queue: { file: 'a.queue' } }));
    return serveSettings(loadConfig(file));
  }

  async function start(changes: Changes = {}, clock: Clock = new SystemClock()): Promise<DhcpServer> {
    const loggers = { server: logger, net: logger, queue: logger, failover: logger };
    server = await DhcpServer.start(config(changes), loggers, clock);
    return server;
  }

  const connect = () => TestPartner.connect(PARTNER, SERVER, port);

  async function normal(changes: Changes = {}, clock?: Clock): Promise<TestPartner> {
    await start(changes, clock);
    const partner = await connect();
    await partner.reachNormal();
    await until('NORMAL', () => stored().record?.partnerState === 'NORMAL');
    return partner;
  }

  /** What the queue file has, as a server that starts would find it. */
  function stored() {
    const reader = QueueReader.open(join(folder, 'a.queue'));
    try {
      const shared = readSharedState(join(folder, 'a.queue'));
      const bindings = new Map(shared.bindings.map((binding) => [formatIpv4(binding.address), binding]));
      const leases = new Map([...leasesOf(reader)].map((lease) => [formatIpv4(lease.address), lease]));
      return { bindings, leases, record: shared.records[0], events: reader.read(0, 10_000) };
    } finally {
      reader.close();
    }
  }

  /** An update about an address that the partner has leased for a minute. */
  function leased(address: string): OptionValues {
    const now = Math.floor(Date.now() / 1000);
    return {
      'assigned-IP-address': parseIpv4(address),
      'binding-status': BINDING_STATUS.ACTIVE,
      'client-hardware-address': Buffer.from(`01${CLIENT.hwaddr}`, 'hex'),
      'lease-expiration-time': now + 60,
      'potential-expiration-time': now + 90,
      'start-time-of-state': now,
      'client-last-transaction-time': now,
    };
  }

  const failoverStatus = async () =>
    (await askServer(controlPath(join(folder, 'a.queue')), SERVER_CONTRACT, 'failover-status'))!;

  const acknowledged = (partner: TestPartner, xid: number) =>
    partner.received.some((message) => message.type === MESSAGE.BNDACK && message.xid === xid);

  it('acknowledges an update when it is stored, together with the lease and without an event', async () => {
    const partner = await normal();
    const events = stored().events.length;
    const xid = partner.send(MESSAGE.BNDUPD, leased('127.66.100.20'));
    await until('an acknowledgement', () => acknowledged(partner, xid));
    const { bindings, leases, events: after } = stored();
    assert.equal(bindings.get('127.66.100.20')?.status, 'ACTIVE');
    const lease = leases.get('127.66.100.20');
    assert.deepEqual([lease?.state, lease?.hwaddr], ['active', Buffer.from(CLIENT.hwaddr, 'hex').toString('latin1')]);
    assert.equal(after.length, events);
    partner.close();
  });

  it('acknowledges nothing that it cannot store, leaves the partner, and takes it all once it can', async () => {
    const partner = await normal();
    const locker = new Sqlite(join(folder, 'a.queue'));
    locker.exec('BEGIN IMMEDIATE');
    const xid = partner.send(MESSAGE.BNDUPD, leased('127.66.100.20'));
    await until('the end of the connection', () => !partner.isOpen);
    assert.ok(!acknowledged(partner, xid));
    locker.exec('ROLLBACK');
    locker.close();
    await until('COMMUNICATIONS-INTERRUPTED', () => stored().record?.state === 'COMMUNICATIONS-INTERRUPTED');
    assert.notEqual(stored().bindings.get('127.66.100.20')?.status, 'ACTIVE');
    const again = await connect();
    again.tellState('COMMUNICATIONS-INTERRUPTED');
    const repeated = again.send(MESSAGE.BNDUPD, leased('127.66.100.20'));
    await until('an acknowledgement', () => acknowledged(again, repeated));
    assert.equal(stored().bindings.get('127.66.100.20')?.status, 'ACTIVE');
    again.close();
  });

  it('tells a state when it is stored', async () => {
    await start();
    const partner = await connect();
    void partner.reachNormal();
    await partner.waitForState('NORMAL');
    assert.equal(stored().record?.state, 'NORMAL');
    partner.close();
  });

  it('tells a lease when it is stored, and gives mclt first, the full time once the partner knows', async () => {
    const partner = await normal();
    const ack = await relay.lease({ mac: CLIENT.hwaddr });
    assert.equal(ack!.options.get(51)!.readUInt32BE(0), 60);
    const address = ack!.yiaddr;
    const told = await partner.waitFor(
      MESSAGE.BNDUPD,
      ({ options }) =>
        options['assigned-IP-address'] === address && options['binding-status'] === BINDING_STATUS.ACTIVE,
    );
    assert.ok(told.options['potential-expiration-time']! > told.options['lease-expiration-time']!);
    await until('the acknowledgement', () => stored().bindings.get(formatIpv4(address))?.pending === false);
    const renewal = await relay.ask({ mac: CLIENT.hwaddr, type: TYPE.request, ciaddr: formatIpv4(address) });
    assert.equal(renewal!.options.get(51)!.readUInt32BE(0), 3600);
    partner.close();
  });

  it('is silent about shared addresses while it starts, and about nothing else', async () => {
    await start({ pools: [{ range: SHARED, failover: 'pair' }, '127.66.101.1-127.66.101.20'] });
    const own = await relay.lease({ mac: CLIENT.hwaddr });
    assert.match(formatIpv4(own!.yiaddr), /^127\.66\.101\./);
    await server!.stop();
    await start();
    assert.equal(await relay.ask({ mac: CLIENT.hwaddr, type: TYPE.discover }, 300), undefined);
    const wanted = { mac: CLIENT.hwaddr, type: TYPE.request, requested: '127.66.100.3' };
    assert.equal(await relay.ask(wanted, 300), undefined);
    const informed = await relay.ask({ mac: CLIENT.hwaddr, type: TYPE.inform, ciaddr: '127.66.100.3' });
    assert.equal(informed?.options.get(53)?.[0], TYPE.ack);
    assert.deepEqual((server!.status().drops as Record<string, number>)['failover-startup'], 2);
  });

  it('counts what it leaves to its partner, and does not warn of it', async () => {
    const partner = await normal({ relationship: { split: 0 } });
    await until('a free address at the partner', () =>
      [...stored().bindings.values()].some(({ status, pending }) => status === 'BACKUP' && !pending),
    );
    assert.equal(await relay.ask({ mac: CLIENT.hwaddr, type: TYPE.discover }, 300), undefined);
    const told = logger.ids().filter((id) => id === 'request-left' || id === 'request-dropped');
    assert.deepEqual(told, ['request-left']);
    assert.deepEqual((server!.status().drops as Record<string, number>)['failover-load-balanced'], 1);
    partner.close();
  });

  /** Has the client choose another server's offer, then give back and decline what it got there. Returns what was said of it. */
  async function chooseOther(serverId: string, address: string): Promise<unknown[]> {
    const [mac, before] = [CLIENT.hwaddr, logger.lines.length];
    for (const end of [
      { type: TYPE.request, requested: address },
      { type: TYPE.decline, requested: address },
      { type: TYPE.release, ciaddr: address },
    ]) {
      assert.equal(await relay.ask({ mac, ...end, serverId }, 100), undefined);
    }
    const told = logger.lines.slice(before).filter(({ id }) => id === 'request-left' || id === 'request-dropped');
    return told.map(({ id, fields }) => `${id} ${fields.reason}`);
  }

  it('does not warn of a client that has chosen its partner, and does of one that has chosen a third server', async () => {
    await start({ pools: [{ range: SHARED, failover: 'pair' }, '127.66.101.1-127.66.101.20'] });
    const left = 'request-left failover-partner-chosen';
    const dropped = 'request-dropped other-server-chosen';
    assert.deepEqual(await chooseOther(PARTNER, '127.66.100.3'), [left, left, left]);
    assert.deepEqual(await chooseOther('127.66.48.3', '127.66.100.3'), [dropped, dropped, dropped]);
    assert.deepEqual(await chooseOther(PARTNER, '127.66.101.3'), [dropped, dropped, dropped]);
    const { drops } = server!.status() as { drops: Record<string, number> };
    assert.deepEqual([drops['failover-partner-chosen'], drops['other-server-chosen']], [3, 6]);
  });

  it('takes any other server for its partner where clients do not know that one by its peer-address', async () => {
    await start({ relationship: { address: '127.66.48.4' } });
    const left = 'request-left failover-partner-chosen';
    assert.deepEqual(await chooseOther('127.66.48.3', '127.66.100.3'), [left, left, left]);
  });

  it('tells its partner the leases that it had before it had a partner', async () => {
    await start({ failover: [], pools: [SHARED] });
    const ack = await relay.lease({ mac: CLIENT.hwaddr });
    await server!.stop();
    const partner = await normal();
    const update = await partner.waitFor(
      MESSAGE.BNDUPD,
      ({ options }) => options['assigned-IP-address'] === ack!.yiaddr,
    );
    assert.equal(update.options['binding-status'], BINDING_STATUS.ACTIVE);
    assert.equal(update.options['client-hardware-address']!.toString('hex'), `01${CLIENT.hwaddr}`);
    partner.close();
  });

  const kinds = () => stored().events.map(({ kind }) => kind);

  it('records the end of a lease that was over before it had a partner, and gives its address again', async () => {
    const range = '127.66.100.1-127.66.100.1';
    await start({ failover: [], pools: [range] }, new OddClock(-7200));
    const ack = await relay.lease({ mac: CLIENT.hwaddr });
    await server!.stop();
    const partner = await normal({ pools: [{ range, failover: 'pair' }] });
    await until('the end of the lease', () => kinds().includes('expired'));
    const ended = stored().events.find(({ kind }) => kind === 'expired')!;
    assert.equal(ended.leaseEnd! - ended.leaseStart!, ack!.options.get(51)!.readUInt32BE(0) * 1e6);
    await until('a free address', () => stored().bindings.get('127.66.100.1')?.status === 'FREE');
    assert.ok(await relay.lease({ mac: '02f000000002' }));
    assert.deepEqual(kinds().slice(-2), ['expired', 'granted']);
    partner.close();
  });

  it('records the end of a lease before the next one of the same client, if the pair has not found it yet', async () => {
    const clock = new OddClock(0);
    const partner = await normal({ relationship: { 'max-response-delay': '5m' } }, clock);
    const ack = await relay.lease({ mac: CLIENT.hwaddr });
    const address = formatIpv4(ack!.yiaddr);
    const end = stored().leases.get(address)!.end;
    // To the pair it lasts until the second is full
    clock.stopAt(end + 10_000);
    assert.ok(await relay.ask({ mac: CLIENT.hwaddr, type: TYPE.request, ciaddr: address }));
    const ends = stored().events.slice(-3);
    assert.deepEqual(
      ends.map(({ kind }) => kind),
      ['granted', 'expired', 'granted'],
    );
    assert.equal(ends[1]!.leaseEnd, end);
    partner.close();
  });

  it('takes a release while it answers nobody, and tells its partner later', async () => {
    const first = await normal();
    const ack = await relay.lease({ mac: CLIENT.hwaddr });
    first.close();
    await server!.stop();
    await start();
    await relay.ask({ mac: CLIENT.hwaddr, type: TYPE.release, ciaddr: formatIpv4(ack!.yiaddr) }, 10);
    await until('the release', () => kinds().at(-1) === 'released');
    assert.equal(stored().leases.get(formatIpv4(ack!.yiaddr))?.state, 'released');
    const partner = await connect();
    partner.tellState('COMMUNICATIONS-INTERRUPTED');
    const isRelease = ({ options }: FailoverMessage) => options['binding-status'] === BINDING_STATUS.RELEASED;
    const update = await partner.waitFor(MESSAGE.BNDUPD, isRelease);
    assert.equal(update.options['assigned-IP-address'], ack!.yiaddr);
    partner.close();
  });

  it('takes one release of a lease that is over here, as the partner may have extended it, until both agree on its end', async () => {
    const clock = new OddClock(0);
    const partner = await normal({ relationship: { 'max-response-delay': '5m' } }, clock);
    const [one, other] = [await relay.lease({ mac: CLIENT.hwaddr }), await relay.lease({ mac: '02f000000002' })];
    const release = (mac: string, { yiaddr }: { yiaddr: number }) =>
      relay.ask({ mac, type: TYPE.release, ciaddr: formatIpv4(yiaddr) }, 300);
    // To the pair it lasts until the second is full
    clock.stopAt(stored().leases.get(formatIpv4(one!.yiaddr))!.end + 1);
    await release(CLIENT.hwaddr, one!);
    await until('the release', () => kinds().at(-1) === 'released');
    partner.close();
    clock.stopAt(stored().leases.get(formatIpv4(other!.yiaddr))!.end + 2e6);
    await until('the end of the lease', () => kinds().at(-1) === 'expired');
    for (let times = 0; times < 2; times++) await release('02f000000002', other!);
    assert.deepEqual(kinds().slice(-3), ['released', 'expired', 'released']);
  });

  it('takes a release that comes twice once, whichever way first, though its client got the address again from the partner in between', async () => {
    const partner = await normal();
    const address = '127.66.100.20';
    const stateOf = () => stored().leases.get(address)?.state;
    const give = async () => {
      const xid = partner.send(MESSAGE.BNDUPD, leased(address));
      await until('an acknowledgement', () => acknowledged(partner, xid));
      assert.equal(stateOf(), 'active');
    };
    const release = (xid: number) => ({ mac: CLIENT.hwaddr, type: TYPE.release, ciaddr: address, xid });
    const straight = (xid: number) => relay.sendUnicast(release(xid));
    const copy = (xid: number) => relay.send({ ...release(xid), option82: '01046c656674' });
    for (const [first, second, xid] of [
      [straight, copy, 1],
      [copy, straight, 2],
    ] as const) {
      await give();
      first(xid);
      await until('the release', () => stateOf() === 'released');
      await give();
      second(xid);
      // What is answered after it shows that it was worked off
      await relay.lease({ mac: '02f000000002' });
      assert.equal(stateOf(), 'active');
      straight(xid + 10);
      await until('another release', () => stateOf() === 'released');
    }
    assert.equal(kinds().filter((kind) => kind === 'released').length, 4);
    partner.close();
  });

  it('leaves leases and their ends as they are when the partner has lost its memory', async () => {
    const partner = await normal();
    const ended = await relay.lease({ mac: CLIENT.hwaddr });
    const lasting = await relay.lease({ mac: '02f000000002', option82: option82('Gi1/2') });
    const [released, active] = [ended, lasting].map((ack) => formatIpv4(ack!.yiaddr)) as [string, string];
    partner.close();
    await until('being alone', () => stored().record?.state === 'COMMUNICATIONS-INTERRUPTED');
    await relay.ask({ mac: CLIENT.hwaddr, type: TYPE.release, ciaddr: released }, 300);
    await until('the release', () => stored().leases.get(released)?.state === 'released');
    const before = stored();
    // The partner told the same when it was new; a loss is known by its second
    await until('a later second', () => Date.now() / 1000 >= before.record!.partnerLostAt + 1);
    const fresh = await connect();
    fresh.tellState('RECOVER');
    await until('the hold', () => stored().bindings.get(released)?.status === 'ACTIVE');
    const { leases, events } = stored();
    assert.deepEqual(
      [leases.get(released), leases.get(active)?.end],
      [before.leases.get(released), before.leases.get(active)?.end],
    );
    assert.equal(events.length, before.events.length);
    // Nor is the port forgotten, which a partner that holds the lease for longer does not tell
    const { starts, cltt, ends } = stored().bindings.get(active)!;
    const xid = fresh.send(MESSAGE.BNDUPD, {
      ...leased(active),
      'client-hardware-address': Buffer.from('0102f000000002', 'hex'),
      'start-time-of-state': starts,
      'client-last-transaction-time': cltt,
      'lease-expiration-time': ends + 100,
      'portledger-lease': encodePortledgerLease({ port: null, hostname: null, own: false }),
    });
    await until('an acknowledgement', () => acknowledged(fresh, xid));
    assert.equal(stored().bindings.get(active)?.ends, ends + 100);
    const portOf = ({ leases }: ReturnType<typeof stored>) => leases.get(active)?.port?.option82;
    assert.deepEqual([portOf(before), portOf(stored())], ['\x01\x05Gi1/2', '\x01\x05Gi1/2']);
    fresh.close();
  });

  it('forgets what it shared when the pool is its own again', async () => {
    const partner = await normal();
    partner.close();
    assert.ok(stored().bindings.size > 0);
    await server!.stop();
    await start({ failover: [], pools: [SHARED] });
    assert.deepEqual([stored().bindings.size, stored().record], [0, undefined]);
    assert.ok(await relay.lease({ mac: CLIENT.hwaddr }));
  });

  it('forgets nothing by an attempt to start that fails', async () => {
    const partner = await normal();
    partner.close();
    await server!.stop();
    const { bindings, record } = stored();
    const taken = createServer();
    await new Promise<void>((resolve) => void taken.listen(port, SERVER, resolve));
    await assert.rejects(start({ relationship: { name: 'other' }, pools: [{ range: SHARED, failover: 'other' }] }));
    taken.close();
    assert.deepEqual([stored().bindings.size, stored().record], [bindings.size, record]);
    await start({ failover: [], pools: [SHARED] });
    const told = logger.lines.filter(({ id }) => id === 'failover-forgotten');
    assert.deepEqual(told, [{ id: 'failover-forgotten', fields: { relationships: 'pair', addresses: bindings.size } }]);
  });

  it('asks its partner for everything after a start with a range that was wrong, and keeps what it knew', async () => {
    const partner = await normal();
    const lease = formatIpv4((await relay.lease({ mac: CLIENT.hwaddr }))!.yiaddr);
    await until('NORMAL', () => stored().record?.lostAt === 0);
    partner.close();
    await server!.stop();
    const { bindings } = stored();
    assert.equal(bindings.has(lease) && bindings.size > 1, true);
    const losses: unknown[] = [];
    for (const range of ['127.66.100.200-127.66.100.210', SHARED, SHARED]) {
      await start({ pools: [{ range, failover: 'pair' }] });
      await server!.stop();
      assert.deepEqual([...stored().bindings.keys()], [...bindings.keys()]);
      losses.push(stored().record!.lostAt);
    }
    assert.deepEqual([losses[0], losses[1] === losses[2]], [0, true]);
    assert.deepEqual([stored().record!.state, losses[1] === 0], ['RECOVER', false]);
    const told = logger.lines.filter(({ id }) => id === 'failover-asks-anew');
    assert.deepEqual(told, [{ id: 'failover-asks-anew', fields: { name: 'pair' } }]);
    assert.deepEqual([stored().bindings.get(lease)!.pending, stored().bindings.get(lease)!.acknowledged], [true, 0]);
  });

  it('asks its partner for everything where its role is another one than before: its addresses are the others now', async () => {
    const partner = await normal();
    partner.close();
    await server!.stop();
    const secondary = { role: 'secondary', mclt: undefined, split: undefined };
    await start({ relationship: secondary });
    assert.deepEqual([stored().record?.role, stored().record?.state], ['secondary', 'RECOVER']);
    const told = logger.lines.filter(({ id }) => id === 'failover-forgotten');
    assert.deepEqual(told, [{ id: 'failover-forgotten', fields: { relationships: 'pair', addresses: 0 } }]);
    await server!.stop();
    await start({ relationship: secondary });
    assert.equal(logger.ids().filter((id) => id === 'failover-forgotten').length, 1);
  });

  it('tells all leases to a partner of another name, whatever the former one knew', async () => {
    const partner = await normal();
    const xid = partner.send(MESSAGE.BNDUPD, leased('127.66.100.20'));
    await until('an acknowledgement', () => acknowledged(partner, xid));
    partner.close();
    await server!.stop();
    await start({ relationship: { name: 'other' }, pools: [{ range: SHARED, failover: 'other' }] });
    await until('the start', () => stored().record?.name === 'other');
    const told = await failoverStatus();
    assert.equal(told[0]!.pending, 1);
  });

  it('asks its partner for everything when a new queue has taken the place of the old one', async () => {
    const partner = await normal();
    partner.close();
    await server!.stop();
    assert.deepEqual(replaceServerQueue(join(folder, 'a.queue'), Date.now() * 1000).relationships, ['pair']);
    await start();
    const again = await connect();
    again.tellState('NORMAL');
    await again.waitForState('RECOVER');
    await again.waitFor(MESSAGE.UPDREQALL);
    again.close();
  });

  it('keeps its state over a stop, and does not take the partner for new', async () => {
    const partner = await normal();
    const before = stored().record!;
    partner.close();
    await server!.stop();
    await start();
    assert.equal(logger.ids().filter((id) => id === 'failover-partner-lost-memory').length, 0);
    const again = await connect();
    const told = again.received.filter(({ type }) => type === MESSAGE.STATE).at(-1)!;
    assert.equal(told.options['server-flags'], 1);
    again.tellState('NORMAL');
    await again.waitForState('NORMAL');
    assert.equal(stored().record!.mclt, before.mclt);
    again.close();
  });

  it('takes no other relationship or shared range by a reload, and all else', async () => {
    await start();
    const refused = [
      { pools: [{ range: '127.66.100.1-127.66.100.30', failover: 'pair' }] },
      { failover: [], pools: [SHARED] },
    ];
    for (const changes of refused) {
      await assert.rejects(server!.reload(config(changes)), /server\.failover and the pools it shares cannot change/);
    }
    await server!.reload(
      config({ pools: [{ range: SHARED, failover: 'pair', 'lease-time': '2h' }, '127.66.101.1-127.66.101.20'] }),
    );
    assert.ok(await relay.lease({ mac: CLIENT.hwaddr }));
  });

  it('refuses a shared pool that has the address of its own interface', async () => {
    const range = '127.0.0.1-127.0.0.20';
    const listen = [{ interface: 'lo', port: relay.port }];
    const subnets = [{ subnet: '127.0.0.0/16', pools: [{ range, failover: 'pair' }] }];
    const wrong = /^Pool 127\.0\.0\.1-127\.0\.0\.20 contains 127\.0\.0\.1, an address of this server$/;
    await assert.rejects(start({ listen, subnets }), { name: 'UsageError', message: wrong });
    await start({ listen, subnets: [{ ...subnets[0], pools: [{ range: '127.0.0.2-127.0.0.20', failover: 'pair' }] }] });
    await assert.rejects(server!.reload(config({ listen, subnets })), { name: 'UsageError', message: wrong });
  });

  it('counts as its pool what is not its partner’s to give', async () => {
    const partner = await normal();
    await until(
      'the half of the partner',
      () =>
        [...stored().bindings.values()].filter(({ status, pending }) => status === 'BACKUP' && !pending).length === 10,
    );
    await relay.lease({ mac: CLIENT.hwaddr });
    const [pool] = server!.status().pools;
    assert.deepEqual([pool!.size, pool!.used, pool!.percent], [10, 1, 10]);
    partner.close();
  });

  it('tells a port that is taken, and leaves nothing open', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => void other.listen(port, SERVER, resolve));
    await assert.rejects(start(), /Cannot listen for the failover partner on 127\.66\.48\.1/);
    other.close();
    await start();
  });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => void probe.listen(0, SERVER, resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

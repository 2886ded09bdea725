import assert from 'node:assert/strict';
import { parseIpv4 } from '../../../src/net/ipv4.js';
import { LeaseTable } from '../../../src/server/leases/table.js';
import { portName } from '../../../src/server/v4/port-limit.js';
import { Lab, option82, sketchConfig, TYPE, typeOf, yiaddrOf } from '../../support/lab.js';

const RELAY = '198.18.0.2';
const SUBNETS = [{ subnet: '198.18.0.0/24', pools: ['198.18.0.100-198.18.0.150'] }];
const limited = (maxLeasesPerPort: number, authoritative = true) =>
  sketchConfig(
    SUBNETS.map((subnet) => ({ ...subnet, authoritative })),
    { maxLeasesPerPort },
  );
const on = (port: string, client: number) => ({
  giaddr: RELAY,
  mac: `0200000000${String(client).padStart(2, '0')}`,
  option82: option82(port, 'sw-a'),
});

describe('max-leases-per-port', () => {
  let lab: Lab;
  beforeEach(() => {
    lab = new Lab(limited(2));
  });
  afterEach(() => lab.close());

  const kinds = () => lab.events().map(({ kind }) => kind);
  const lease = (port: string, client: number) => yiaddrOf(lab.lease(on(port, client)));

  it('gives nothing to one more client on the port, logs that once, and counts it', () => {
    assert.equal(lease('p1', 1), '198.18.0.100');
    assert.equal(lease('p1', 2), '198.18.0.101');
    assert.equal(lease('p1', 3), undefined);
    assert.equal(lease('p2', 3), '198.18.0.102', 'another port has room');
    assert.equal(lab.counters.dropped('port-lease-limit'), 1);
    const told = lab.logger.lines.filter(({ id }) => id === 'port-lease-limit');
    assert.deepEqual(
      told.map(({ fields }) => fields),
      [{ switch: 'sw-a', port: 'p1', limit: 2, client: '02:00:00:00:00:03' }],
    );
  });

  it('lets the clients that have leases renew, start again, and take another address', () => {
    lease('p1', 1);
    lease('p1', 2);
    assert.equal(typeOf(lab.send({ type: TYPE.request, mac: '020000000001', ciaddr: '198.18.0.100' })[0]), TYPE.ack);
    assert.equal(typeOf(lab.send({ type: TYPE.request, ...on('p1', 1), requested: '198.18.0.100' })[0]), TYPE.ack);
    assert.equal(lease('p1', 2), '198.18.0.101');
    assert.deepEqual(kinds(), ['granted', 'granted', 'renewed', 'renewed', 'renewed']);
  });

  it('keeps a client that declines every address from emptying a pool', () => {
    const taken: (string | undefined)[] = [];
    for (let i = 0; i < 10; i++) {
      const address = lease('p1', i);
      taken.push(address);
      if (address) lab.send({ type: TYPE.decline, ...on('p1', i), requested: address });
    }
    assert.equal(taken.filter((address) => address !== undefined).length, 4);
    assert.equal(lease('p1', 1), undefined, 'also not the same client');
    assert.ok(lease('p2', 11), 'another port has room');
    lab.clock.advance(86_400 + 1);
    lab.send({ type: TYPE.inform, mac: '020000000099', ciaddr: '198.18.0.9' });
    assert.ok(lease('p1', 1));
  });

  it('makes room when a lease is released, expires or is declined', () => {
    lease('p1', 1);
    lease('p1', 2);
    lab.send({ type: TYPE.release, mac: '020000000001', ciaddr: '198.18.0.100' });
    assert.ok(lease('p1', 3));
    lab.send({ type: TYPE.decline, ...on('p1', 2), requested: '198.18.0.101' });
    assert.ok(lease('p1', 4));
    assert.equal(lease('p1', 5), undefined);
    lab.clock.advance(3600);
    assert.ok(lease('p1', 5));
  });

  it('refuses a move into a full port, and the lease stays', () => {
    lease('p1', 1);
    lease('p1', 2);
    lease('p2', 3);
    const [nak] = lab.send({ type: TYPE.request, ...on('p1', 3), requested: '198.18.0.102' });
    assert.equal(typeOf(nak), TYPE.nak);
    assert.equal(lab.leases.get(parseIpv4('198.18.0.102'))?.state, 'active');
    assert.deepEqual(kinds(), ['granted', 'granted', 'granted']);
    assert.equal(lease('p1', 3), undefined, 'nor does it get another address there');
  });

  it('does not answer such a move if the server is not authoritative', () => {
    const modest = new Lab(limited(1, false));
    modest.lease(on('p1', 1));
    modest.lease(on('p2', 2));
    assert.deepEqual(modest.send({ type: TYPE.request, ...on('p1', 2), requested: '198.18.0.101' }), []);
    assert.equal(modest.counters.dropped('port-lease-limit'), 1);
    modest.close();
  });

  it('counts a lease where its client is now', () => {
    lease('p1', 1);
    lease('p1', 2);
    assert.equal(typeOf(lab.send({ type: TYPE.request, ...on('p2', 1), requested: '198.18.0.100' })[0]), TYPE.ack);
    assert.ok(lease('p1', 3));
  });

  it('counts offers until they are accepted or over: a flood of DISCOVERs gets no more addresses than leases could', () => {
    const discover = (client: number) => lab.send({ type: TYPE.discover, ...on('p1', client) }).length;
    assert.deepEqual([1, 2, 3, 4, 1].map(discover), [1, 1, 0, 0, 1]);
    assert.equal(lab.leases.offers, 2);
    lab.clock.advance(31);
    assert.deepEqual([3, 4, 5].map(discover), [1, 1, 0]);
  });

  it('counts an offer and the lease of the same client once', () => {
    lease('p1', 1);
    assert.equal(lab.send({ type: TYPE.discover, ...on('p1', 1) }).length, 1);
    assert.ok(lease('p1', 2));
  });

  it('does not apply if the relay names no port', () => {
    for (let client = 1; client <= 5; client++) {
      assert.ok(lab.lease({ giaddr: RELAY, mac: `02000000000${client}` }));
      assert.ok(lab.lease({ giaddr: RELAY, mac: `02000000001${client}`, option82: option82(null, 'sw-a') }));
    }
  });

  it('distinguishes switches that use the same circuit-ids', () => {
    lease('p1', 1);
    lease('p1', 2);
    assert.ok(lab.lease({ ...on('p1', 3), option82: option82('p1', 'sw-b') }));
    assert.ok(lab.lease({ ...on('p1', 4), option82: option82('p1') }));
  });

  it('counts again after a restart', () => {
    lease('p1', 1);
    lease('p1', 2);
    lab.crash();
    lab.open();
    assert.equal(lease('p1', 3), undefined);
  });

  it('counts leases that are loaded after counting began', () => {
    lease('p1', 1);
    lease('p1', 2);
    const networkOf = (address: number) => lab.topology.networkOf(address);
    const table = new LeaseTable(networkOf);
    table.countPorts(portName);
    table.rebuild(lab.topology.networks, networkOf, lab.store.packedLeases());
    const name = portName(lab.leases.get(parseIpv4('198.18.0.100'))!.port!)!;
    assert.equal(table.leasesOnPort(name), 2);
  });

  it('ends no lease when a reload lowers it, and is off when a reload removes it', () => {
    for (const client of [1, 2]) lease('p1', client);
    lab.configure(limited(1));
    assert.equal(typeOf(lab.send({ type: TYPE.request, ...on('p1', 2), requested: '198.18.0.101' })[0]), TYPE.ack);
    assert.equal(lease('p1', 3), undefined);
    lab.configure(sketchConfig(SUBNETS));
    assert.ok(lease('p1', 3));
    lab.configure(limited(3));
    assert.equal(lease('p1', 4), undefined);
  });

  it('forgets what could not be stored', () => {
    const real = lab.queue.append.bind(lab.queue);
    lab.queue.append = () => {
      throw new Error('database or disk is full');
    };
    for (const client of [1, 2, 3]) lease('p1', client);
    lab.queue.append = real;
    lab.clock.advance(31);
    assert.ok(lease('p1', 4));
    assert.ok(lease('p1', 5));
    assert.equal(lease('p1', 6), undefined);
  });
});

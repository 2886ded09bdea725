import assert from 'node:assert/strict';
import { formatIpv4, parseIpv4 } from '../../../src/net/ipv4.js';
import { CAPTURES, packetsOf } from '../../protocol/dhcpv4/packets.js';
import { followUp, hostileDatagram } from '../../support/hostile.js';
import { Lab, option82, SERVER, sketchConfig, TYPE, typeOf } from '../../support/lab.js';
import { randomFrom, runSeed } from '../../support/random.js';
import { FUZZ_COUNT } from '../../support/size.js';
import { holderConflicts } from '../crash/evidence.js';

const SEED = runSeed();
const BATCH = 50;
const POOL_SIZE = 64;
/** In the subnet of the captured packets' relays and clients. */
const FIRST = parseIpv4('198.18.200.0');
const CAMPUS = sketchConfig([{ subnet: '198.18.0.0/15', pools: ['198.18.200.0-198.18.200.63'] }], {
  leases: { default: 60, min: 30, max: 864_000 },
  declineTime: 10_000_000,
  offerTime: 5_000_000,
});
const LONG_LEASE: [number, Uint8Array][] = [[51, Buffer.from('000d2f00', 'hex')]];
/** Asks for a lease that lasts longer than the test. */
const BYSTANDER = {
  mac: '02beef000001',
  giaddr: '198.18.0.2',
  option82: option82('Gi1/0/1', 'sw-a'),
  options: LONG_LEASE,
};

describe(`${FUZZ_COUNT} hostile datagrams in the server's pipeline (PORTLEDGER_SEED=${SEED})`, function () {
  this.timeout(60_000 + FUZZ_COUNT);
  let lab: Lab;
  const known = {
    serverId: formatIpv4(SERVER),
    relays: ['198.18.0.2', '198.18.0.3', '203.0.113.9'],
    addresses: Array.from({ length: POOL_SIZE + 8 }, (_, i) => formatIpv4(FIRST + i)),
  };
  let address: string;
  let received = 2;

  before(() => {
    lab = new Lab(CAMPUS);
    const real = CAPTURES.flatMap(packetsOf).map(({ payload }) => payload);
    address = formatIpv4(lab.lease(BYSTANDER)!.message.yiaddr);
    lab.sent.length = 0;
    const random = randomFrom(SEED);
    const listens = [false, true].map((snooping) => ({
      address: SERVER,
      port: 67,
      relayPort: 67,
      clientPort: 68,
      snooping,
    }));
    const sources = ['198.18.0.2', '198.18.0.201', '0.0.0.0', '203.0.113.9'].map(parseIpv4);
    const receive = (bytes: Buffer): void => {
      const source = sources[random(sources.length)]!;
      const endpoint = lab.endpoint();
      const datagram = { bytes, source, sourcePort: 67, viaBroadcast: source === 0, endpoint };
      lab.pipeline.receive(datagram, listens[random(2)]!);
      received += 1;
    };
    while (received < FUZZ_COUNT) {
      for (let i = 0; i < BATCH; i++) receive(hostileDatagram(real, random, known));
      lab.pipeline.flush();
      for (const { message } of lab.sent.splice(0)) {
        const answer = followUp(message, random);
        if (answer) receive(answer);
      }
      lab.clock.advance(random(20) / 10);
    }
    lab.pipeline.flush();
  });
  after(() => lab?.close());

  it('are each counted as answered, as taken without reply, or under one reason', () => {
    const { traffic, drops } = lab.counters.snapshot();
    const answered = ['offers-sent', 'acks-sent', 'naks-sent', 'taken-without-reply'].map((what) => traffic[what]!);
    assert.ok(
      answered.every((count) => count > 0),
      JSON.stringify(traffic),
    );
    const dropped = Object.values(drops);
    assert.equal(sum([...answered, ...dropped]), traffic.received);
    assert.equal(traffic.received, received);
    assert.ok(dropped.length >= 12, JSON.stringify(drops));
  });

  it('meet no fault of the program', () => {
    assert.equal(lab.counters.dropped('internal-error'), 0);
    assert.deepEqual(
      lab.logger.ids().filter((id) => ['request-failed', 'batch-failed', 'queue-write-failed'].includes(id)),
      [],
    );
  });

  it('leave no more behind than the pool has addresses', () => {
    assert.ok(lab.leases.size <= POOL_SIZE, `${lab.leases.size} leases`);
    assert.ok(lab.leases.offers <= POOL_SIZE, `${lab.leases.offers} offers`);
  });

  it('never move an address to another client while its lease lasts', () => {
    const events = lab.events();
    assert.ok(events.length > 1000, `only ${events.length} events`);
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      events.map((_, i) => i + 1),
    );
    assert.deepEqual(holderConflicts(events), []);
  });

  it('do not touch the client that was there before, which renews afterwards', () => {
    const own = lab.events().filter((event) => Buffer.from(event.hwaddr ?? []).toString('hex') === BYSTANDER.mac);
    assert.ok(own.every(({ address: one }) => one === address));
    const asked = { ...BYSTANDER, type: TYPE.request, requested: address };
    assert.equal(typeOf(lab.send(asked)[0]), TYPE.ack);
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

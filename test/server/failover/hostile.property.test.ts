import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MESSAGE, SERVER_STATE, type ServerState } from '../../../src/protocol/failover/codes.js';
import { encodeMessage } from '../../../src/protocol/failover/message.js';
import type { OptionValues } from '../../../src/protocol/failover/options.js';
import { updateOptions } from '../../../src/server/failover/binding-update.js';
import { Bench, FIRST, record, T0 } from './peer.js';

const time = fc.constantFrom(0, 1, T0 - 100, T0, T0 + 60, T0 + 400, 0x7fffffff, 0x80000000, 0xffffffff);
const plain = { noNullPrototype: true };
const update = fc.record(
  {
    'assigned-IP-address': fc.integer({ min: FIRST, max: FIRST + 10 }),
    'binding-status': fc.integer({ min: 0, max: 9 }),
    'client-identifier': fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    'client-hardware-address': fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    'lease-expiration-time': time,
    'potential-expiration-time': time,
    'start-time-of-state': time,
    'client-last-transaction-time': time,
    'IP-flags': fc.nat(0xffff),
    'portledger-lease': fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.concat([Buffer.from('PL\x01'), bytes])),
  },
  { requiredKeys: ['assigned-IP-address'], ...plain },
);
const state = fc.record(
  {
    'server-state': fc.constantFrom(...Object.values(SERVER_STATE)),
    'server-flags': fc.nat(1),
    'start-time-of-state': time,
  },
  { requiredKeys: ['server-state'], ...plain },
);
const act = fc.oneof(
  { weight: 5, arbitrary: update.map((options) => ({ type: MESSAGE.BNDUPD, options: options as OptionValues })) },
  { weight: 3, arbitrary: state.map((options) => ({ type: MESSAGE.STATE, options: options as OptionValues })) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(...Object.values(MESSAGE)).map((type) => ({ type, options: {} as OptionValues })),
  },
  { weight: 2, arbitrary: fc.constant('acknowledge' as const) },
  { weight: 2, arbitrary: fc.constant('reconnect' as const) },
  { weight: 2, arbitrary: fc.constant('grant' as const) },
  { weight: 2, arbitrary: fc.constant('wait' as const) },
);

function perform(bench: Bench, what: typeof act extends fc.Arbitrary<infer T> ? T : never): void {
  if (what === 'acknowledge') {
    const [sent] = bench.of(MESSAGE.BNDUPD);
    bench.forget();
    if (sent) bench.say(MESSAGE.BNDACK, { 'assigned-IP-address': sent.options['assigned-IP-address']! }, sent.xid);
  } else if (what === 'reconnect') {
    bench.give({ type: 'closed', link: bench.link });
    bench.open();
    bench.greet({ 'vendor-class-identifier': 'portledger-0' });
  } else if (what === 'grant') {
    const address = bench.endpoint.pick(0, bench.now);
    if (address !== undefined && !bench.endpoint.silence()) bench.grant(address);
  } else if (what === 'wait') bench.wait(20);
  else bench.say(what.type, what.options);
}

describe('whatever a partner says', () => {
  for (const role of ['primary', 'secondary'] as const) {
    it(`does not bring a ${role} down, and leaves nothing that cannot be stored and sent on`, () => {
      const states = fc.constantFrom<ServerState>('NORMAL', 'RECOVER', 'PARTNER-DOWN', 'POTENTIAL-CONFLICT');
      fc.assert(
        fc.property(states, fc.array(act, { maxLength: 40 }), (start, acts) => {
          const bench = new Bench({ role }, record(start));
          perform(bench, 'reconnect');
          for (const what of acts) {
            perform(bench, what);
            const faults = bench.logged.filter(({ fields }) =>
              String(fields.reason).startsWith('fault of this server'),
            );
            assert.deepEqual(faults, []);
          }
          for (let address = FIRST; address < FIRST + 10; address++) {
            const options = updateOptions(bench.endpoint.binding(address), true);
            encodeMessage({ type: MESSAGE.BNDUPD, time: T0, xid: 1, options });
          }
          assert.equal(typeof bench.endpoint.status().state, 'string');
        }),
        { numRuns: 400 },
      );
    });
  }
});

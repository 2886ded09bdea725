import assert from 'node:assert/strict';
import { parseIpv4 } from '../../src/net/ipv4.js';
import { load, refusal, server, subnet } from './support.js';

type Map = Record<string, unknown>;

const PRIMARY: Map = {
  name: 'pair',
  role: 'primary',
  address: '198.18.0.1',
  'peer-address': '198.18.0.2',
  mclt: '30m',
  split: 128,
};
const SECONDARY: Map = { name: 'pair', role: 'secondary', address: '198.18.0.2', 'peer-address': '198.18.0.1' };
const POOL: Map = { range: '198.18.16.0-198.18.16.255', failover: 'pair' };

/** A primary with these keys in place of or besides its own, and this pool. */
function primary(changes: Map = {}, pool: Map | string = POOL, more: Map = {}): Map {
  return pair([{ ...PRIMARY, ...changes }], pool, more);
}

function pair(relationships: Map[], pool: Map | string = POOL, more: Map = {}): Map {
  return server({ failover: relationships, subnets: [subnet({ pools: [pool], ...more })] });
}

/** What is wrong, the path of its fault within `server`, what its message must show, the configuration, what its hint must say. */
const CASES: [title: string, path: string, value: string, source: Map, hint: RegExp][] = [
  ['no name', 'failover[0].name', 'missing', pair([{ ...PRIMARY, name: undefined }], '198.18.16.1-198.18.16.9'), /add/],
  [
    'a name with a blank at its end',
    'failover[0].name',
    '"pair "',
    primary({ name: 'pair ' }, '198.18.16.1-198.18.16.9'),
    /255/,
  ],
  ['an unknown role', 'failover[0].role', '"primry"', primary({ role: 'primry' }), /"primary"/],
  ['no address', 'failover[0].address', 'missing', primary({ address: undefined }), /own address/],
  ['an address of nobody', 'failover[0].address', '"0.0.0.0"', primary({ address: '0.0.0.0' }), /1\.0\.0\.0/],
  ['no peer-address', 'failover[0].peer-address', 'missing', primary({ 'peer-address': undefined }), /partner/],
  [
    'its own address as peer',
    'failover[0].peer-address',
    '"198.18.0.1"',
    primary({ 'peer-address': '198.18.0.1' }),
    /partner/,
  ],
  ['a port that is none', 'failover[0].port', '65536', primary({ port: 65_536 }), /65535/],
  ['a primary without mclt', 'failover[0].mclt', 'missing', primary({ mclt: undefined }), /mclt: 1h/],
  ['an mclt of 0', 'failover[0].mclt', '0', primary({ mclt: 0 }), /1 to/],
  ['a primary without split', 'failover[0].split', 'missing', primary({ split: undefined }), /split: 128/],
  ['a split of 257', 'failover[0].split', '257', primary({ split: 257 }), /0 to 256/],
  ['split and hba', 'failover[0].hba', 'ffff', primary({ hba: 'ff'.repeat(32) }), /one of the two/],
  ['a short hba', 'failover[0].hba', '"ff"', primary({ split: undefined, hba: 'ff' }), /64 hex digits/],
  ['mclt on a secondary', 'failover[0].mclt', '60', pair([{ ...SECONDARY, mclt: 60 }]), /remove/],
  ['split on a secondary', 'failover[0].split', '128', pair([{ ...SECONDARY, split: 128 }]), /the primary sends/],
  [
    'hba on a secondary',
    'failover[0].hba',
    '00ff',
    pair([{ ...SECONDARY, hba: `00${'ff'.repeat(31)}` }]),
    /the primary sends/,
  ],
  ['a response delay of 1 s', 'failover[0].max-response-delay', '1', primary({ 'max-response-delay': 1 }), /2 to/],
  ['no update allowed', 'failover[0].max-unacked-updates', '0', primary({ 'max-unacked-updates': 0 }), /1 to/],
  [
    'seconds that no client can wait',
    'failover[0].load-balance-max-seconds',
    '70000',
    primary({ 'load-balance-max-seconds': 70_000 }),
    /65535/,
  ],
  [
    'a word for auto-partner-down',
    'failover[0].auto-partner-down',
    '"soon"',
    primary({ 'auto-partner-down': 'soon' }),
    /seconds/,
  ],
  ['a percentage of 101', 'failover[0].max-lease-ownership', '101', primary({ 'max-lease-ownership': 101 }), /100/],
  [
    'a min-balance above max-balance',
    'failover[0].min-balance',
    '7200',
    primary({ 'min-balance': '2h' }),
    /raise max-balance/,
  ],
  [
    'a max-balance below min-balance',
    'failover[0].max-balance',
    '30',
    primary({ 'max-balance': 30 }),
    /lower min-balance/,
  ],
  ['an unknown key', 'failover[0].splt', '"splt"', primary({ splt: 1 }), /"split"/],
  [
    'one name twice',
    'failover[1].name',
    '"pair"',
    pair([PRIMARY, { ...PRIMARY, 'peer-address': '198.18.0.3' }]),
    /a name of its own/,
  ],
  [
    'one partner twice',
    'failover[1].peer-address',
    '"198.18.0.2"',
    server({
      failover: [PRIMARY, { ...PRIMARY, name: 'other' }],
      subnets: [subnet({ pools: [POOL, { range: '198.18.17.0-198.18.17.9', failover: 'other' }] })],
    }),
    /one relationship/,
  ],
  [
    'a relationship without a pool',
    'failover[0].name',
    '"pair"',
    primary({}, '198.18.16.0-198.18.16.255'),
    /failover: pair/,
  ],
  [
    'a pool of an unknown relationship',
    'subnets[0].pools[1].failover',
    '"pear"',
    server({
      failover: [PRIMARY],
      subnets: [subnet({ pools: [POOL, { range: '198.18.17.1-198.18.17.9', failover: 'pear' }] })],
    }),
    /"pair"/,
  ],
  [
    'a shared pool without any relationship',
    'subnets[0].pools[0].failover',
    '"pair"',
    server({ subnets: [subnet({ pools: [POOL] })] }),
    /server\.failover/,
  ],
  [
    'a reservation within a shared pool',
    'subnets[0].reservations[0].address',
    '"198.18.16.9"',
    primary({}, POOL, { reservations: [{ mac: '02:00:00:00:00:01', address: '198.18.16.9' }] }),
    /outside/,
  ],
  [
    'the partner within a shared pool',
    'subnets[0].pools[0]',
    '198.18.0.2',
    primary({}, { ...POOL, range: '198.18.0.2-198.18.0.9' }),
    /both servers/,
  ],
  [
    'the server within a shared pool',
    'subnets[0].pools[0]',
    '198.18.0.1',
    primary({ 'peer-address': '198.19.0.2' }, { ...POOL, range: '198.18.0.1-198.18.0.9' }),
    /both servers/,
  ],
];

describe('failover in a configuration', () => {
  for (const [title, path, value, source, hint] of CASES) {
    it(`with ${title} has one fault with path, value and hint`, () => {
      const { faults } = refusal(source);
      assert.deepEqual(
        faults.map((fault) => fault.path),
        [`server.${path}`],
        faults.join('\n'),
      );
      assert.ok(faults[0]!.message.includes(value), faults[0]!.message);
      assert.match(faults[0]!.hint, hint);
    });
  }

  it('does not go with answers that are not recorded', () => {
    const { faults } = refusal({ ...primary(), queue: { 'on-failure': 'serve' } });
    assert.deepEqual(
      faults.map((fault) => fault.toString()),
      [
        'queue.on-failure: "serve" does not go with server.failover (write refuse: the partner answers while this server cannot record)',
      ],
    );
  });

  it('of a primary has the defaults of ISC dhcpd', () => {
    const [relationship] = load(primary()).server!.failover;
    assert.deepEqual(relationship, {
      name: 'pair',
      role: 'primary',
      address: parseIpv4('198.18.0.1'),
      port: 647,
      peerAddress: parseIpv4('198.18.0.2'),
      peerPort: 647,
      primary: { mclt: 1800, buckets: 128 },
      loadBalanceMaxSeconds: 3,
      maxResponseDelay: 20,
      maxUnackedUpdates: 100,
      maxLeaseMisbalance: 15,
      maxLeaseOwnership: 10,
      minBalance: 60,
      maxBalance: 3600,
    });
  });

  it('of a secondary names neither mclt nor buckets', () => {
    const config = load(pair([{ ...SECONDARY, 'auto-partner-down': '1h' }])).server!;
    assert.equal(config.failover[0]!.primary, undefined);
    assert.equal(config.failover[0]!.autoPartnerDown, 3600);
    assert.equal(config.subnets[0]!.pools[0]!.failover, 'pair');
  });

  it('takes hba as hex with or without 0x', () => {
    for (const hba of [`0x${'a5'.repeat(32)}`, 'a5 '.repeat(32).trim(), 'a5:'.repeat(31).concat('a5')]) {
      const { buckets } = load(primary({ split: undefined, hba })).server!.failover[0]!.primary!;
      assert.deepEqual(buckets, Buffer.alloc(32, 0xa5));
    }
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, UsageError } from '../../src/base/errors.js';
import { loadConfig } from '../../src/config/load.js';
import { inSubnet, refusal, reserving, server, subnet } from './support.js';

const CLIENT = { mac: '02:00:00:00:00:01', address: '198.18.0.9' };
const PORT = { switch: 'sw-a', port: 'Gi1/0/7' };

/** How a configuration names a variable of the environment. */
function variable(name: string): string {
  return `\${${name}}`;
}

/** What is wrong, the path of its fault, the value its message must show, the configuration, what its hint must say. */
type Case = [title: string, path: string, value: string, source: string | Record<string, unknown>, hint?: RegExp];

const CASES: Case[] = [
  // The file
  ['an empty file', '', 'an empty value', ''],
  ['a list in place of the map', '', '["server"]', '- server\n'],
  ['a text in place of the map', '', '"hello"', 'hello\n'],
  ['a quote that does not end', 'line 3, column 1', 'YAML', 'server:\n  name: "dhcp-a\n'],
  ['a tab as indent', 'line 2, column 1', 'YAML', 'queue:\n\tfile: a\n'],
  ['a bracket that does not end', 'line 3, column 1', 'YAML', 'switches: [\n\n'],
  [
    'an alias of what it lies in',
    'switches[0]',
    'refers to itself',
    'switches: &s [*s]\n',
    /instead of using this alias/,
  ],
  [
    'one file for queue and trail',
    'audit.url',
    'x.db',
    { queue: { file: 'x.db' }, audit: { url: 'sqlite:./x.db' } },
    /each/,
  ],
  ['an unknown alias', '', 'alias', 'queue: *nothing\n'],
  ['a key written twice', 'queue.file', '"file"', 'queue:\n  file: a\n  file: b\n', /remove one/],
  [
    'a key written twice in a list',
    'switches[0].name',
    'lines 3 and 4',
    'switches:\n  - remote-id: a\n    name: a\n    name: b\n',
  ],
  ['an unknown section', 'sever', '"sever"', { sever: {} }, /"server"/],
  ['a section that is a list', 'queue', '["a"]', { queue: ['a'] }],
  ['a section without content', 'audit', 'an empty value', 'audit:\n'],
  [
    'an environment variable that is not set',
    'queue.file',
    `"${variable('NOWHERE')}"`,
    { queue: { file: `/x/${variable('NOWHERE')}` } },
    /set NOWHERE/,
  ],
  ['an environment variable without a name', 'queue.file', `"${variable('')}"`, { queue: { file: variable('') } }],
  ['an environment variable without an end', 'queue.file', '"${HOME"', { queue: { file: '${HOME' } }],

  // server
  ['no name', 'server.name', 'name', server({ name: undefined }), /add/],
  ['a number as name', 'server.name', '12', server({ name: 12 }), /quotes/],
  ['a name with a blank', 'server.name', '"dhcp a"', server({ name: 'dhcp a' })],
  ['an unknown key of the server', 'server.lease-tme', '"lease-tme"', server({ 'lease-tme': '1h' }), /"lease-time"/],
  ['a key in another spelling', 'server.leaseTime', '"leaseTime"', server({ leaseTime: '1h' }), /"lease-time"/],
  ['a key that is near to none', 'server.zzzzzzzz', '"zzzzzzzz"', server({ zzzzzzzz: 1 }), /use one of name, listen/],
  ['a text for true', 'server.authoritative', '"yes"', server({ authoritative: 'yes' }), /true or false/],
  ['no listen', 'server.listen', 'listen', server({ listen: undefined })],
  ['listen as a text', 'server.listen', '"198.18.0.1"', server({ listen: '198.18.0.1' }), /list/],
  ['an empty listen', 'server.listen', '[]', server({ listen: [] })],
  [
    'listen without address and interface',
    'server.listen[0]',
    'neither address nor interface',
    server({ listen: [{ port: 67 }] }),
  ],
  [
    'an address with a port',
    'server.listen[0].address',
    '"198.18.0.1:67"',
    server({ listen: [{ address: '198.18.0.1:67' }] }),
  ],
  ['an address of no host', 'server.listen[0].address', '"0.0.0.0"', server({ listen: [{ address: '0.0.0.0' }] })],
  [
    'a name with a slash for an interface',
    'server.listen[0].interface',
    '"eth/1"',
    server({ listen: [{ interface: 'eth/1' }] }),
  ],
  ['a port of 0', 'server.listen[0].port', '0', server({ listen: [{ interface: 'eth1', port: 0 }] }), /1 to 65535/],
  [
    'a port too high',
    'server.listen[0].relay-port',
    '65536',
    server({ listen: [{ interface: 'eth1', 'relay-port': 65536 }] }),
  ],
  [
    'a last port without a client port',
    'server.listen[0].port',
    '65535',
    server({ listen: [{ interface: 'e', port: 65535 }] }),
    /client-port/,
  ],
  [
    'listening twice',
    'server.listen[1]',
    '"198.18.0.1 67"',
    server({ listen: [{ address: '198.18.0.1' }, { address: '198.18.0.1', port: 67 }] }),
  ],
  ['all as a trusted relay', 'server.trusted-relays', '"all"', server({ 'trusted-relays': 'all' })],
  [
    'a name as a trusted relay',
    'server.trusted-relays[1]',
    '"relay"',
    server({ 'trusted-relays': ['198.18.0.3', 'relay'] }),
  ],
  ['an offer time of 0', 'server.offer-time', '0', server({ 'offer-time': 0 })],
  ['a decline time in years', 'server.decline-time', '"1y"', server({ 'decline-time': '1y' }), /1d/],

  // Lease times
  ['a lease time of 0', 'server.lease-time', '0', server({ 'lease-time': 0 })],
  ['a negative lease time', 'server.lease-time', '-1', server({ 'lease-time': -1 })],
  ['half an hour as a fraction', 'server.lease-time', '"0.5h"', server({ 'lease-time': '0.5h' }), /30s, 10m/],
  ['a lease for ever', 'server.lease-time', '"forever"', server({ 'lease-time': 'forever' }), /365d/],
  ['a lease of 0xffffffff seconds', 'server.max-lease-time', '4294967295', server({ 'max-lease-time': 4294967295 })],
  [
    'a default below the minimum',
    'server.min-lease-time',
    '7200',
    server({ 'lease-time': '1h', 'min-lease-time': '2h' }),
    /raise lease-time/,
  ],
  ['a default above the maximum', 'server.lease-time', '3600', server({ 'lease-time': '1h', 'max-lease-time': '10m' })],
  [
    'a default of a subnet above the maximum of the server',
    'server.subnets[0].lease-time',
    '90000',
    { ...server({ 'max-lease-time': '1d', subnets: [subnet({ 'lease-time': 90_000 })] }) },
  ],
  ['T1 after T2', 'server.renewal-time', '50', server({ 'renewal-time': 50, 'rebinding-time': 40 })],
  ['T2 after the end', 'server.rebinding-time', '3601', server({ 'rebinding-time': 3601 })],

  // Options
  [
    'an unknown option',
    'server.options.router-s',
    '"router-s"',
    server({ options: { 'router-s': '198.18.0.1' } }),
    /"routers"/,
  ],
  ['a wrong value of an option', 'server.options.routers', '"gateway"', server({ options: { routers: 'gateway' } })],
  [
    'a number too large for its option',
    'server.options.interface-mtu',
    '70000',
    server({ options: { 'interface-mtu': 70000 } }),
  ],
  [
    'an option without a value',
    'server.options.routers',
    'an empty value',
    'server: {name: a, listen: [{interface: e}], subnets: [{subnet: 198.18.0.0/16}], options: {routers: }}',
  ],
  ['code 0', 'server.options.0', '"0"', server({ options: { 0: '0x00' } })],
  ['code 255', 'server.options.255', '"255"', server({ options: { 255: '0x00' } })],
  ['the message type', 'server.options.53', '"53"', server({ options: { 53: 5 } }), /part of the protocol/],
  ['the relay agent option', 'server.options.82', '"82"', server({ options: { 82: '0x00' } })],
  [
    'the lease time as an option',
    'server.options.dhcp-lease-time',
    '"dhcp-lease-time"',
    server({ options: { 'dhcp-lease-time': 60 } }),
    /key lease-time/,
  ],
  ['T1 as an option', 'server.options.58', '"58"', server({ options: { 58: 60 } }), /renewal-time/],
  [
    'the mask as an option',
    'server.options.subnet-mask',
    '"subnet-mask"',
    server({ options: { 'subnet-mask': '255.255.0.0' } }),
  ],
  [
    'an option by name and by code',
    'server.options.routers',
    '"routers"',
    server({ options: { 3: ['198.18.0.1'], routers: '198.18.0.1' } }),
  ],
  ['options as a list', 'server.options', '["routers"]', server({ options: ['routers'] })],
  [
    'an unknown type of an own option',
    'server.option-definitions[0].type',
    '"adress"',
    server({ 'option-definitions': [{ name: 'x', code: 250, type: 'adress' }] }),
  ],
  [
    'a code too high of an own option',
    'server.option-definitions[0].code',
    '300',
    server({ 'option-definitions': [{ name: 'x', code: 300, type: 'text' }] }),
  ],
  [
    'an own option without a name',
    'server.option-definitions[0].name',
    'name',
    server({ 'option-definitions': [{ code: 250, type: 'text' }] }),
  ],
  [
    'a code that is defined twice',
    'server.option-definitions[1]',
    '"y"',
    server({
      'option-definitions': [
        { name: 'x', code: 250, type: 'text' },
        { name: 'y', code: 250, type: 'text' },
      ],
    }),
  ],
  [
    'an own option in place of the message type',
    'server.option-definitions[0]',
    '"x"',
    server({ 'option-definitions': [{ name: 'x', code: 53, type: 'text' }] }),
  ],
  ['a file name of 128 bytes', 'server.boot-file', '"xxx', server({ 'boot-file': 'x'.repeat(128) }), /127/],
  ['a server name of 64 bytes', 'server.server-name', '"xxx', server({ 'server-name': 'x'.repeat(64) }), /63/],
  ['a next server by name', 'server.next-server', '"tftp"', server({ 'next-server': 'tftp' })],

  // Subnets and pools
  ['no subnets', 'server.subnets', 'subnets', server({ subnets: undefined })],
  ['an empty list of subnets', 'server.subnets', '[]', server({ subnets: [] })],
  ['a subnet that is a text', 'server.subnets[0]', '"198.18.0.0/16"', server({ subnets: ['198.18.0.0/16'] })],
  ['a subnet without a prefix', 'server.subnets[0].subnet', '"198.18.0.0"', inSubnet({ subnet: '198.18.0.0' })],
  ['a prefix of 33', 'server.subnets[0].subnet', '"198.18.0.0/33"', inSubnet({ subnet: '198.18.0.0/33' })],
  [
    'a subnet with bits of a host',
    'server.subnets[0].subnet',
    '"198.18.0.1/16"',
    inSubnet({ subnet: '198.18.0.1/16' }),
    /"198\.18\.0\.0\/16"/,
  ],
  [
    'subnets that overlap',
    'server.subnets[1].subnet',
    '198.18.16.0-198.18.16.255',
    server({ subnets: [subnet(), { subnet: '198.18.16.0/24' }] }),
  ],
  [
    'the same subnet twice',
    'server.subnets[1].subnet',
    '198.18.0.0-198.18.255.255',
    server({ subnets: [subnet(), { subnet: '198.18.0.0/16' }] }),
  ],
  [
    'a range upside down',
    'server.subnets[0].pools[1]',
    '"198.18.9.9-198.18.1.1" is not an address range: the first address is higher than the last',
    inSubnet({ pools: ['198.18.16.0/24', '198.18.9.9-198.18.1.1'] }),
    /FIRST-LAST/,
  ],
  [
    'a range of one address',
    'server.subnets[0].pools[0]',
    '"198.18.1.1"',
    inSubnet({ pools: ['198.18.1.1'] }),
    /FIRST-LAST/,
  ],
  [
    'a pool outside',
    'server.subnets[0].pools[0]',
    '"198.19.0.1-198.19.0.2"',
    inSubnet({ pools: ['198.19.0.1-198.19.0.2'] }),
  ],
  [
    'a pool half outside',
    'server.subnets[0].pools[0]',
    '198.18.0.0/16',
    inSubnet({ pools: ['198.18.255.0-198.19.0.2'] }),
  ],
  [
    'pools that overlap',
    'server.subnets[0].pools[1]',
    '"198.18.1.9-198.18.1.20"',
    inSubnet({ pools: ['198.18.1.0-198.18.1.9', '198.18.1.9-198.18.1.20'] }),
  ],
  [
    'a pool of more addresses than a server can lay out',
    'server.subnets[0].pools[1]',
    '"10.128.0.0-10.255.255.255" has 8388608 addresses',
    server({ subnets: [{ subnet: '10.0.0.0/8', pools: ['10.0.0.0/10', '10.128.0.0-10.255.255.255'] }] }),
    /smaller range/,
  ],
  [
    'pools that have too many addresses together',
    'server.subnets[1].pools[0]',
    '"11.0.0.0-11.0.0.0" makes it 16777217 addresses of all pools',
    server({
      subnets: [
        { subnet: '10.0.0.0/8', pools: ['10.0.0.0/10', '10.64.0.0/10', '10.128.0.0/10', '10.192.0.0/10'] },
        { subnet: '11.0.0.0/8', pools: ['11.0.0.0/32'] },
      ],
    }),
    /smaller ranges/,
  ],
  ['a pool without a range', 'server.subnets[0].pools[0].range', 'range', inSubnet({ pools: [{ 'lease-time': 60 }] })],
  [
    'an unknown key of a pool',
    'server.subnets[0].pools[0].ranges',
    '"ranges"',
    inSubnet({ pools: [{ range: '198.18.1.0/24', ranges: 1 }] }),
    /"range"/,
  ],
  [
    'a wrong option of a pool',
    'server.subnets[0].pools[0].options.routers',
    '"x"',
    inSubnet({ pools: [{ range: '198.18.1.0/24', options: { routers: 'x' } }] }),
  ],

  // Reservations
  [
    'a reservation for nobody',
    'server.subnets[0].reservations[0]',
    'nobody',
    reserving({ address: '198.18.0.9' }),
    /mac, client-id/,
  ],
  [
    'a reservation for two',
    'server.subnets[0].reservations[0]',
    'more than one way',
    reserving({ ...CLIENT, 'client-id': 'x' }),
  ],
  [
    'a switch without a port',
    'server.subnets[0].reservations[0]',
    'switch without port',
    reserving({ switch: 'a', address: '198.18.0.9' }),
  ],
  [
    'a port without a switch',
    'server.subnets[0].reservations[0]',
    'port without switch',
    reserving({ port: 'a', address: '198.18.0.9' }),
  ],
  [
    'a MAC address too short',
    'server.subnets[0].reservations[0].mac',
    '"02:00:00:00:01"',
    reserving({ ...CLIENT, mac: '02:00:00:00:01' }),
  ],
  [
    'half a byte of hex',
    'server.subnets[0].reservations[0].client-id',
    '"0x012"',
    reserving({ 'client-id': '0x012', address: '198.18.0.9' }),
  ],
  [
    'bytes without quotes',
    'server.subnets[0].reservations[0].port',
    '2571',
    'server: {name: a, listen: [{interface: e}], subnets: [{subnet: 198.18.0.0/16, reservations: [{switch: a, port: 0x0a0b, address: 198.18.0.9}]}]}',
    /quotes/,
  ],
  ['no address', 'server.subnets[0].reservations[0].address', 'address', reserving({ mac: CLIENT.mac })],
  [
    'an address outside',
    'server.subnets[0].reservations[0].address',
    '"198.19.0.9"',
    reserving({ ...CLIENT, address: '198.19.0.9' }),
  ],
  [
    'the network address',
    'server.subnets[0].reservations[0].address',
    '"198.18.0.0"',
    reserving({ ...CLIENT, address: '198.18.0.0' }),
  ],
  [
    'the broadcast address',
    'server.subnets[0].reservations[0].address',
    '"198.18.255.255"',
    reserving({ ...CLIENT, address: '198.18.255.255' }),
  ],
  [
    'an address for two',
    'server.subnets[0].reservations[1].address',
    '"198.18.0.9"',
    reserving(CLIENT, { ...PORT, address: CLIENT.address }),
  ],
  [
    'two addresses for a MAC address',
    'server.subnets[0].reservations[1]',
    '0x020000000001',
    reserving(CLIENT, { ...CLIENT, mac: '0200.0000.0001', address: '198.18.0.10' }),
  ],
  [
    'two addresses for a port',
    'server.subnets[0].reservations[1]',
    '"sw-a Gi1/0/7"',
    reserving({ ...PORT, address: '198.18.0.9' }, { ...PORT, address: '198.18.0.10' }),
  ],
  [
    'a host name with an underscore',
    'server.subnets[0].reservations[0].hostname',
    '"a_b"',
    reserving({ ...CLIENT, hostname: 'a_b' }),
  ],

  // The other sections
  ['an unknown policy', 'queue.on-failure', '"ignore"', { queue: { 'on-failure': 'ignore' } }, /refuse, serve/],
  ['an empty path', 'queue.file', '""', { queue: { file: '' } }],
  [
    'a database that is none',
    'audit.url',
    '"postgres://db/audit"',
    { audit: { url: 'postgres://db/audit' } },
    /mysql:\/\//,
  ],
  ['a URL that is none', 'audit.url', '"db.example"', { audit: { url: 'db.example' } }],
  ['a URL without a database', 'audit.url', '"mysql://db"', { audit: { url: 'mysql://db' } }],
  ['SQLite without a file', 'audit.url', '"sqlite:"', { audit: { url: 'sqlite:' } }],
  ['a batch of nothing', 'audit.batch-size', '0', { audit: { 'batch-size': 0 } }],
  ['TLS for SQLite', 'audit.tls', 'SQLite', { audit: { tls: {} } }],
  [
    'an authority that is not there',
    'audit.tls.ca',
    '"ca.pem"',
    { audit: { url: 'mysql://db/p', tls: { ca: 'ca.pem' } } },
    /PEM/,
  ],
  ['TLS to an address', 'audit.tls', 'name', { audit: { url: 'mysql://192.0.2.1/p', tls: {} } }, /certificate-name/],
  ['TLS in a URL', 'audit.url', 'ssl-mode', { audit: { url: 'mysql://db/p?ssl-mode=REQUIRED' } }, /audit\.tls/],
  ['a limit of no leases', 'server.max-leases-per-port', '0', server({ 'max-leases-per-port': 0 })],
  ['a password for SQLite', 'audit.password', 'SQLite', { audit: { password: 'x' } }],
  [
    'a password file that is not there',
    'audit.password-file',
    '"gone"',
    { audit: { url: 'mysql://u@h/d', 'password-file': 'gone' } },
  ],
  [
    'two passwords',
    'audit.password-file',
    'twice',
    { audit: { url: 'mysql://u@h/d', password: 'x', 'password-file': 'portledger.yaml' } },
  ],
  ['a switch without an id', 'switches[0]', 'no id', { switches: [{ name: 'a' }] }, /remote-id/],
  [
    'a switch with two ids',
    'switches[0]',
    'remote-id and giaddr',
    { switches: [{ 'remote-id': 'a', giaddr: '198.18.0.1', name: 'a' }] },
  ],
  [
    'a reservation for a port of a switch without an id of its own',
    'server.subnets[0].reservations[0].switch',
    '"sw-g"',
    {
      ...reserving({ switch: 'sw-g', port: 'eth1', address: '198.18.0.9' }),
      switches: [{ giaddr: '198.18.0.1', name: 'sw-g' }],
    },
    /remote-id/,
  ],
  ['a switch with neither name nor profile', 'switches[0]', 'neither', { switches: [{ 'remote-id': 'a' }] }],
  [
    'a switch twice',
    'switches[1].remote-id',
    '"0x0006"',
    {
      switches: [
        { 'remote-id': '0x0006', name: 'a' },
        { 'remote-id': '0x0006', name: 'b' },
      ],
    },
  ],
  [
    'an unknown profile',
    'switches[0].profile',
    '"cisco-ios-base2"',
    { switches: [{ 'remote-id': 'a', profile: 'cisco-ios-base2' }] },
    /"cisco-ios-base\d"/,
  ],
  ['an unknown level', 'log.level', '"verbose"', { log: { level: 'verbose' } }],
  ['an unknown module', 'log.modules.serve', '"serve"', { log: { modules: { serve: 'debug' } } }, /"server"/],
  ['a log file without a path', 'log.file.path', 'path', { log: { file: {} } }],
  ['a size in miles', 'log.file.max-size', '"10miles"', { log: { file: { path: 'a', 'max-size': '10miles' } } }, /10M/],
  ['one log file', 'log.file.max-files', '1', { log: { file: { path: 'a', 'max-files': 1 } } }],
  ['an unknown facility', 'log.syslog.facility', '"local8"', { log: { syslog: { facility: 'local8' } } }, /"local\d"/],
];

describe('A wrong configuration', () => {
  for (const [title, path, value, source, hint = /\S/] of CASES) {
    it(`with ${title} has one fault with path, value and hint`, () => {
      const { faults } = refusal(source);
      assert.deepEqual(
        faults.map((fault) => fault.path),
        [path],
        faults.join('\n'),
      );
      const [fault] = faults;
      assert.ok(fault!.message.includes(value), fault!.message);
      assert.match(fault!.hint, hint);
      assert.equal(fault!.toString().split('\n').length, 1);
    });
  }

  it('reports all faults at once, each in one line', () => {
    const error = refusal({
      ...server({
        name: 'a b',
        'lease-time': 0,
        subnets: [subnet({ pools: ['x', '198.19.0.0/24'], reservations: [{ mac: 'x', address: '198.18.0.0' }] })],
      }),
      queue: { 'on-failure': 'ignore' },
      audit: { url: 'http://db/x', typo: 1 },
      log: { level: variable('NOWHERE') },
    });
    assert.deepEqual(error.faults.map((fault) => fault.path).sort(), [
      'audit.typo',
      'audit.url',
      'log.level',
      'queue.on-failure',
      'server.lease-time',
      'server.name',
      'server.subnets[0].pools[0]',
      'server.subnets[0].pools[1]',
      'server.subnets[0].reservations[0].address',
      'server.subnets[0].reservations[0].mac',
    ]);
    assert.match(error.message, /and 9 more$/);
    assert.ok(error instanceof UsageError && error.exitCode === EXIT.usage);
  });

  it('that is no YAML is one fault, which names the file', () => {
    const { faults, file } = refusal(
      'server:\n  name: "dhcp-a\n  listen: [{ address: 198.18.0.1 ]\nqueue:\n\tfile: a\n b: c\n',
    );
    assert.equal(faults.length, 1, faults.join('\n'));
    assert.match(String(faults[0]), /^line \d+, column \d+: "/);
    assert.ok(faults[0]!.message.includes(`"${file}" is not YAML: `));
  });

  it('looks as an operator reads it', () => {
    assert.equal(
      String(refusal(inSubnet({ pools: ['198.18.0.9-198.18.0.1'] })).faults[0]),
      'server.subnets[0].pools[0]: "198.18.0.9-198.18.0.1" is not an address range: the first address is higher than the last' +
        ' (write FIRST-LAST, as 198.18.16.0-198.18.19.255)',
    );
  });

  it('that is missing is named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portledger-config-'));
    rmdirSync(folder);
    const file = join(folder, 'portledger.yaml');
    assert.throws(() => loadConfig(file), { message: `${file}: "${file}" cannot be read: there is no such file` });
  });

  describe('never shows a secret', () => {
    const SECRET = 'Hunter2!"quoted';
    const env = { DB_PASSWORD: SECRET };
    for (const [title, source, files] of [
      ['in a URL of a wrong kind', { audit: { url: `postgres://root:${SECRET}@db/x` } }],
      ['in a URL with an @ in it', { audit: { url: `mysql://root:${SECRET}@home@db` } }],
      ['in a URL without slashes', { audit: { url: `mysql:root:${SECRET}@db` } }],
      ['in a URL that is cut', { audit: { url: `nosql://root:${SECRET}${'x'.repeat(200)}@db/x` } }],
      ['from the environment in a URL', { audit: { url: `postgres://root:${variable('DB_PASSWORD')}@db/x` } }],
      [
        'from the environment elsewhere',
        server({
          name: variable('DB_PASSWORD'),
          'lease-time': `a${variable('DB_PASSWORD')}`,
          options: { routers: variable('DB_PASSWORD') },
        }),
      ],
      ['as a password of two', { audit: { url: `mysql://u:${SECRET}@h/d`, password: SECRET } }],
      ['as a password that is no text', { audit: { url: 'mysql://u@h/d', password: [SECRET] } }],
      ['in a query', { audit: { url: `http://db/x?password=${SECRET}` } }],
      ['in a password file', { audit: { url: `mysql://u@h`, 'password-file': 'secret' } }, { secret: SECRET }],
    ] as [string, Record<string, unknown>, Record<string, string>?][]) {
      it(title, () => {
        const error = refusal(source, env, files);
        const told = `${error.message}\n${error.hint}\n${error.faults.map((fault) => `${fault} ${JSON.stringify(fault.value)}`).join('\n')}`;
        assert.ok(!told.includes('Hunter2'), told);
        assert.ok(!told.includes('quoted'), told);
      });
    }
  });
});

import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { parseIpv4 } from '../../src/net/ipv4.js';
import { inSubnet, load, reserving, server, subnet } from './support.js';

const ROUTERS = 3;
const DNS = 6;

function ip(text: string): Buffer {
  return Buffer.from(text.split('.').map(Number));
}

describe('A configuration', () => {
  it('needs no server for the other commands, and has defaults for all else', () => {
    const config = load({});
    const folder = dirname(config.file);
    assert.deepEqual(config, {
      queue: {
        file: join(folder, 'data/portledger.queue'),
        onFailure: 'refuse',
        keyFile: join(folder, 'data/portledger.queue.key'),
        checkpointEvents: 10_000,
        checkpointInterval: 600_000_000,
      },
      audit: { url: `sqlite:${join(folder, 'data/audit.db')}`, batchSize: 20_000, accessLog: false },
      switches: [],
      log: { level: 'info', format: 'text', console: true, modules: {} },
      file: join(folder, 'portledger.yaml'),
    });
  });

  it('reads the example of the design', () => {
    const config = load(`
server:
  name: dhcp-a
  listen: [{ address: 198.18.0.1 }]       # or { interface: eth1 }; port: 67 unless given
  trusted-relays: [198.18.0.0/16]
  lease-time: 1h
  authoritative: true
  subnets:
    - subnet: 198.18.0.0/16
      pools: [198.18.16.0-198.18.250.255]
      options: { routers: [198.18.0.1], domain-name-servers: [198.18.0.1] }
      reservations: [{ mac: "02:00:00:00:00:01", address: 198.18.0.9 }]
queue: { file: ./data/dhcp-a.queue, on-failure: serve }
audit: { url: "mysql://portledger:secret@127.0.0.1:3306/portledger" }
switches: [{ remote-id: "0x000600aabbccddee", name: sw-a, profile: cisco-ios-base1 }]
`);
    const { registry: _, subnets, ...rest } = config.server!;
    const leases = { default: 3600, min: 3600, max: 3600 };
    const common = { leases, boot: {} };
    assert.deepEqual(rest, {
      name: 'dhcp-a',
      listen: [{ address: parseIpv4('198.18.0.1'), port: 67, snooping: false, relayPort: 67, clientPort: 68 }],
      trustedRelays: [{ network: parseIpv4('198.18.0.0'), prefix: 16 }],
      authoritative: true,
      offerTime: 30_000_000,
      declineTime: 86_400_000_000,
      failover: [],
      options: new Map(),
      ...common,
    });
    const options = new Map([
      [ROUTERS, ip('198.18.0.1')],
      [DNS, ip('198.18.0.1')],
    ]);
    assert.deepEqual(subnets, [
      {
        subnet: { network: parseIpv4('198.18.0.0'), prefix: 16 },
        pools: [{ first: parseIpv4('198.18.16.0'), last: parseIpv4('198.18.250.255'), options, ...common }],
        reservations: [
          {
            match: { by: 'mac', htype: 1, mac: Buffer.from('020000000001', 'hex') },
            address: parseIpv4('198.18.0.9'),
            options,
            ...common,
          },
        ],
        authoritative: true,
        options,
        ...common,
      },
    ]);
    assert.equal(config.queue.onFailure, 'serve');
    assert.equal(config.audit.url, 'mysql://portledger:secret@127.0.0.1:3306/portledger');
    assert.deepEqual(config.switches, [
      {
        id: { by: 'remote-id', value: Buffer.from('000600aabbccddee', 'hex') },
        name: 'sw-a',
        profile: 'cisco-ios-base1',
      },
    ]);
    assert.deepEqual(config.log.fields, { server: 'dhcp-a' });
  });

  it('inherits from server to subnet to pool to the reservations in it', () => {
    const { subnets } = load(
      server({
        'lease-time': '1h',
        'max-lease-time': '1d',
        'next-server': '198.18.0.2',
        'boot-file': 'a',
        options: { routers: '198.18.0.1', 'domain-name-servers': '198.18.0.1' },
        subnets: [
          subnet({
            'boot-file': 'b',
            options: { routers: '198.18.0.3' },
            pools: [{ range: '198.18.1.0/24', 'lease-time': '10m', options: { 3: '198.18.0.4' } }],
            reservations: [
              { mac: '02:00:00:00:00:01', address: '198.18.1.9', 'server-name': 's' },
              { mac: '02:00:00:00:00:02', address: '198.18.0.9', options: { 'dns-servers': '198.18.0.5' } },
            ],
          }),
        ],
      }),
    ).server!;
    const { pools, reservations, ...outer } = subnets[0]!;
    const nextServer = parseIpv4('198.18.0.2');
    assert.deepEqual(outer.leases, { default: 3600, min: 3600, max: 86_400 });
    assert.deepEqual(outer.boot, { nextServer, bootFile: 'b' });
    assert.deepEqual(outer.options.get(ROUTERS), ip('198.18.0.3'));
    assert.deepEqual(pools[0]!.leases, { default: 600, min: 600, max: 86_400 });
    assert.deepEqual(pools[0]!.options.get(ROUTERS), ip('198.18.0.4'));
    assert.deepEqual(pools[0]!.options.get(DNS), ip('198.18.0.1'));
    assert.deepEqual(reservations[0]!.leases, pools[0]!.leases);
    assert.deepEqual(reservations[0]!.boot, { nextServer, bootFile: 'b', serverName: 's' });
    assert.deepEqual(reservations[0]!.options, pools[0]!.options);
    assert.deepEqual(reservations[1]!.leases, outer.leases);
    assert.deepEqual(reservations[1]!.options.get(ROUTERS), ip('198.18.0.3'));
    assert.deepEqual(reservations[1]!.options.get(DNS), ip('198.18.0.5'));
  });

  it('knows options by number, and those that it defines itself', () => {
    const { options } = load(
      server({
        'option-definitions': [{ name: 'xgrid-controller', code: 250, type: 'ip-address' }],
        options: { 'xgrid-controller': '198.18.0.7', 240: '0x0a0b', 26: 1400 },
      }),
    ).server!;
    assert.deepEqual(
      [...options].sort(([a], [b]) => a - b),
      [
        [26, Buffer.from([5, 120])],
        [240, Buffer.from([10, 11])],
        [250, ip('198.18.0.7')],
      ],
    );
  });

  it('finds the switch of a reservation by its bytes or by its name', () => {
    const at = { port: '0x00040001', address: '198.18.0.9' };
    for (const [written, expected] of [
      ['02:00:00:00:00:0a', '02000000000a'],
      ['text', Buffer.from('text').toString('hex')],
      ['sw-a', '0006'],
    ]) {
      const config = load({
        ...reserving({ switch: written, ...at }),
        switches: [{ 'remote-id': '0x0006', name: 'sw-a' }],
      });
      assert.deepEqual(config.server!.subnets[0]!.reservations[0]!.match, {
        by: 'port',
        switchId: Buffer.from(expected!, 'hex'),
        circuitId: Buffer.from([0, 4, 0, 1]),
      });
    }
  });

  it('allows one client a reservation on each link, and one only where subnets share a link', () => {
    const client = (address: string) => ({ reservations: [{ mac: '02:00:00:00:00:01', address }] });
    const two = (link?: string) =>
      server({
        subnets: [
          { subnet: '198.18.0.0/24', ...client('198.18.0.9'), ...(link ? { 'shared-network': link } : {}) },
          { subnet: '198.18.1.0/24', ...client('198.18.1.9'), ...(link ? { 'shared-network': link } : {}) },
        ],
      });
    assert.equal(load(two()).server!.subnets.length, 2);
    assert.throws(() => load(two('campus')), /has a reservation on this link already/);
  });

  it('listens on interfaces and other ports, and trusts any relay only if told so', () => {
    const { listen, trustedRelays } = load(
      server({
        listen: [{ interface: 'eth1', port: 1067, snooping: true, 'client-port': 2068 }],
        'trusted-relays': 'any',
      }),
    ).server!;
    assert.deepEqual(listen, [{ interface: 'eth1', port: 1067, snooping: true, relayPort: 1067, clientPort: 2068 }]);
    assert.equal(trustedRelays, 'any');
  });

  it('takes networks of 31 and 32 bits as they are', () => {
    for (const network of ['198.18.0.8/31', '198.18.0.8/32']) {
      const changes = {
        subnet: network,
        pools: [],
        reservations: [{ mac: '02:00:00:00:00:01', address: '198.18.0.8' }],
      };
      assert.equal(load(inSubnet(changes)).server!.subnets[0]!.reservations.length, 1);
    }
  });

  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: that is how a configuration names a variable
  it('fills in the environment, and nothing where the dollar is doubled', () => {
    const source =
      'audit: {url: "mysql://u:${PASSWORD}@${HOST}/d", batch-size: "${SIZE}"}\nqueue: {file: "/x/$${HOST}"}\n';
    const config = load(source, { PASSWORD: 's', HOST: 'db', SIZE: '7' });
    assert.deepEqual(config.audit, { url: 'mysql://u:s@db/d', batchSize: 7, accessLog: false });
    assert.equal(config.queue.file, '/x/${HOST}');
  });
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: end

  it('puts the password from a key or a file into the URL', () => {
    const password = 'a@b:c/d%';
    const files = { secret: `${password}\n` };
    for (const from of [{ password }, { 'password-file': 'secret' }]) {
      const { url } = load({ audit: { url: 'mariadb://u@h:3307/d?socket=/s', ...from } }, {}, files).audit;
      assert.equal(decodeURIComponent(new URL(url).password), password);
      assert.equal(url.replace(/:[^:@]*@/, '@'), 'mariadb://u@h:3307/d?socket=/s');
    }
  });

  it('puts TLS into the URL, so that whatever opens the trail uses it', () => {
    const urlOf = (tls: object, host = 'db') => load({ audit: { url: `mysql://u@${host}/d`, tls } }).audit.url;
    assert.equal(urlOf({}), 'mysql://u@db/d?ssl-mode=VERIFY_IDENTITY');
    assert.equal(urlOf({ verify: false }, '192.0.2.1'), 'mysql://u@192.0.2.1/d?ssl-mode=REQUIRED');
    assert.equal(
      urlOf({ 'certificate-name': 'db.example' }, '[2001:db8::1]'),
      'mysql://u@[2001:db8::1]/d?ssl-mode=VERIFY_IDENTITY&ssl-name=db.example',
    );
  });

  it('limits the leases of a port only if told so', () => {
    assert.equal(load(server()).server?.maxLeasesPerPort, undefined);
    assert.equal(load(server({ 'max-leases-per-port': 8 })).server?.maxLeasesPerPort, 8);
  });

  it('describes every sink of the log', () => {
    const { log, file } = load({
      log: {
        level: 'warn',
        format: 'json',
        console: false,
        file: { path: 'log/p.log', 'max-size': '1M' },
        syslog: { protocol: 'tcp', facility: 'local3' },
        modules: { server: 'debug' },
      },
    });
    assert.deepEqual(log, {
      level: 'warn',
      format: 'json',
      console: false,
      file: { path: join(dirname(file), 'log/p.log'), maxSize: 1_048_576, maxFiles: 5 },
      syslog: {
        protocol: 'tcp',
        host: '127.0.0.1',
        port: 514,
        format: 'rfc5424',
        facility: 'local3',
        appName: 'portledger',
      },
      modules: { server: 'debug' },
    });
  });
});

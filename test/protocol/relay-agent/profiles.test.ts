import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toText } from '../../../src/base/text.js';
import { decodeCircuitId, portName } from '../../../src/protocol/relay-agent/decode.js';
import type { BinaryLayout, Layout, PortFields } from '../../../src/protocol/relay-agent/layout.js';
import { PROFILE_NAMES, PROFILES, type ProfileName, profileOf } from '../../../src/protocol/relay-agent/profiles.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const ascii = (text: string) => Buffer.from(text, 'latin1');

type Vector = [profile: ProfileName, circuitId: Buffer, fields: PortFields, name: string];

const VECTORS: Vector[] = [
  ['alcatel-omniswitch', ascii('edge_7_1_12'), { host: 'edge_7', slot: 1, port: 12 }, '1/12'],
  ['arista', ascii('Ethernet14:Vlan2001'), { interface: 'Ethernet14', vlan: 2001 }, 'Ethernet14'],
  [
    'arista',
    Buffer.concat([hex('00 0f'), ascii('Ethernet14:2001')]),
    { interface: 'Ethernet14', vlan: 2001 },
    'Ethernet14',
  ],
  ['arista', ascii('Port-Channel1'), { interface: 'Port-Channel1' }, 'Port-Channel1'],
  ['bdcom', hex('0064 01 02 07'), { vlan: 100, module: 1, port: 2, llid: 7 }, '1/2:7'],
  [
    'china-telecom',
    ascii('eth 1/0/5:4096.100 NODE/0/0/1/0/5'),
    { interface: 'eth 1/0/5', slot: 1, subslot: 0, port: 5, innerVlan: 100 },
    'eth 1/0/5',
  ],
  [
    'china-telecom',
    ascii('atm 1/0/5:8.35 NODE/0/0/1/0/5'),
    { interface: 'atm 1/0/5', slot: 1, subslot: 0, port: 5, vpi: 8, vci: 35 },
    'atm 1/0/5:8.35',
  ],
  ['cisco-cmts', hex('80 00 01 05'), { device: 'modem', ifIndex: 0x105 }, 'modem 261'],
  ['cisco-cmts', hex('00 00 01 05'), { device: 'cpe', ifIndex: 0x105 }, 'cpe 261'],
  ['cisco-ios-base1', hex('00 04 0064 01 0c'), { vlan: 100, module: 1, port: 12 }, '1/12'],
  ['cisco-ios-base1', hex('00 04 0ffe 02 30'), { vlan: 4094, module: 2, port: 48 }, '2/48'],
  ['cisco-ios-base3', hex('00 04 0064 01 0c'), { vlan: 100, module: 1, port: 10 }, '1/10'],
  ['cisco-ios-base3', hex('00 04 0064 01 03'), { vlan: 100, module: 1, port: 1 }, '1/1'],
  ['cisco-ios-base3', hex('00 04 0064 00 1b'), { vlan: 100, module: 0, port: 25 }, '0/25'],
  ['cisco-nxos', hex('00 04 0064 01 0c'), { vlan: 100, slot: 1, port: 12 }, '1/12'],
  ['cisco-nxos', hex('1a 00 01 00'), { ifIndex: 0x1a000100 }, 'ifindex 436207872'],
  ['cisco-string', hex('01 0e 4769312f302f31322d7261636b41'), { interface: 'Gi1/0/12-rackA' }, 'Gi1/0/12-rackA'],
  ['d-link', hex('00 04 0007 00 01'), { vlan: 7, module: 0, port: 1 }, '0/1'],
  [
    'd-link-vendor1',
    hex('00 06 0064 0001 000c 01 06 001122aabbcc'),
    { vlan: 100, slot: 1, port: 12, mac: '00:11:22:aa:bb:cc' },
    '1/12',
  ],
  ['d-link-vendor2', ascii('p129'), { interface: 'p129', port: 129 }, 'p129'],
  ['d-link-vendor4', ascii('lab-sw-1/12-100'), { host: 'lab-sw', module: 1, port: 12, vlan: 100 }, '1/12'],
  [
    'd-link-vendor5',
    ascii('lab sw eth 1/0/12:100'),
    { host: 'lab sw', chassis: 1, slot: 0, port: 12, vlan: 100 },
    '1/0/12',
  ],
  [
    'd-link-vendor6',
    ascii('Ethernet1/0/12:100.0 lab/0/0/1/0/12'),
    { interface: 'Ethernet1/0/12', chassis: 1, port: 12, vlan: 100, innerVlan: 0, host: 'lab' },
    'Ethernet1/0/12',
  ],
  ['edge-core', hex('00 04 0064 01 0c'), { vlan: 100, module: 1, port: 12 }, '1/12'],
  ['edge-core', ascii('sw eth 1/12:100'), { host: 'sw', interface: 'eth 1/12', vlan: 100 }, 'sw eth 1/12'],
  [
    'edge-core',
    Buffer.concat([hex('01 0f'), ascii('sw eth 1/12:100')]),
    { host: 'sw', interface: 'eth 1/12', vlan: 100 },
    'sw eth 1/12',
  ],
  ['eltex', ascii('mes eth 1/0/12:100'), { host: 'mes', module: 1, slot: 0, port: 12, vlan: 100 }, '1/0/12'],
  ['extreme-exos', ascii('100-1012'), { vlan: 100, ifIndex: 1012 }, '1012'],
  ['fortigate', hex('0064 01 0c'), { vlan: 100, module: 1, port: 12 }, '1/12'],
  [
    'fortiswitch-legacy',
    Buffer.concat([ascii('fs-lab-'), hex('0064 01 0c')]),
    { host: 'fs-lab', vlan: 100, module: 1, port: 12 },
    '1/12',
  ],
  ['h3c-extended', hex('00 04 0064 000b'), { vlan: 100, port: 12 }, '12'],
  ['h3c-extended', hex('00 04 0064 0000'), { vlan: 100, port: 1 }, '1'],
  ['h3c-standard', hex('0064 000b'), { vlan: 100, port: 12 }, '12'],
  [
    'h3c-verbose',
    ascii('001122aabbcc eth 0/1/0/12:100'),
    { host: '001122aabbcc', chassis: 0, slot: 1, subslot: 0, port: 12, vlan: 100 },
    '0/1/0/12',
  ],
  ['hp-procurve', hex('000c'), { port: 12 }, '12'],
  [
    'huawei-common',
    ascii('eth0/0/3:100.0 S57350/0/0/0/0'),
    { interface: 'eth0/0/3', slot: 0, subslot: 0, port: 3, vlan: 100, innerVlan: 0 },
    'eth0/0/3',
  ],
  [
    'huawei-common',
    hex('53353733352d4c312065746820302f302f333a3130302e3020302f302f302f302f302f30'),
    { host: 'S5735-L1', interface: 'eth 0/0/3', slot: 0, subslot: 0, port: 3, vlan: 100, innerVlan: 0 },
    'eth 0/0/3',
  ],
  [
    'huawei-default',
    ascii('GigabitEthernet0/0/10:9.0 a99k1-1-3/0/0/0/0/0'),
    { interface: 'GigabitEthernet0/0/10', vlan: 9, innerVlan: 0 },
    'GigabitEthernet0/0/10',
  ],
  ['huawei-extend', hex('00 04 0064 00 03'), { vlan: 100, slot: 0, subslot: 0, port: 3 }, '0/0/3'],
  ['huawei-extend', hex('00 04 0064 2b 03'), { vlan: 100, slot: 5, subslot: 3, port: 3 }, '5/3/3'],
  ['isc-dhcrelay', ascii('cust7'), { interface: 'cust7' }, 'cust7'],
  ['juniper', ascii('ge-0/0/10.0:employees'), { interface: 'ge-0/0/10.0', vlanName: 'employees' }, 'ge-0/0/10.0'],
  ['juniper', ascii('ge-1/0/1.0:43\0'), { interface: 'ge-1/0/1.0', vlan: 43 }, 'ge-1/0/1.0'],
  ['juniper', ascii('ge-1/0/1:100-43'), { interface: 'ge-1/0/1', vlan: 100, innerVlan: 43 }, 'ge-1/0/1'],
  [
    'juniper',
    hex('6578343330302d6c61623a67652d302f302f31302e303a76313030'),
    { host: 'ex4300-lab', interface: 'ge-0/0/10.0', vlanName: 'v100' },
    'ge-0/0/10.0',
  ],
  [
    'juniper-e',
    ascii('eth 2/0/3:4096.100#x'),
    { interface: 'eth 2/0/3', slot: 2, module: 0, port: 3, innerVlan: 100 },
    'eth 2/0/3',
  ],
  ['mikrotik', ascii('bridge1 eth 0/2'), { host: 'bridge1', interface: 'eth 0/2', slot: 0, port: 2 }, 'eth 0/2'],
  ['mikrotik', ascii('ether2'), { interface: 'ether2' }, 'ether2'],
  ['moxa', hex('01 000f 03'), { vlan: 15, port: 3 }, '3'],
  ['netiron', hex('0064 01 0c'), { vlan: 100, module: 1, port: 12 }, '1/12'],
  ['nokia-sros', ascii('pe1|100|cust-7|1/1/3:20'), { host: 'pe1', service: '100', interface: 'cust-7' }, 'cust-7'],
  ['planet-ascii', ascii('Vlan2+Ethernet1/1'), { vlan: 2, interface: 'Ethernet1/1' }, 'Ethernet1/1'],
  ['planet-hex', hex('00 06 0064 01 00 000c'), { vlan: 100, slot: 1, module: 0, port: 12 }, '1/0/12'],
  ['ruckus-icx', hex('00 04 0064 01 0c'), { vlan: 100, slot: 1, port: 12 }, '1/12'],
  ['sonic', ascii('leaf1:etp10:1000'), { host: 'leaf1', interface: 'etp10', vlan: 1000 }, 'etp10'],
  ['sonic', ascii('leaf1:etp10'), { host: 'leaf1', interface: 'etp10' }, 'etp10'],
  ['sonic', ascii('Ethernet10'), { interface: 'Ethernet10' }, 'Ethernet10'],
  ['tp-link', hex('00 04 0064 01 0c'), { vlan: 100, module: 1, port: 12 }, '1/12'],
  ['tp-link-private', hex('0064 01 0c'), { vlan: 100, module: 1, port: 12 }, '1/12'],
  ['tp-link-private', ascii('desk 12'), { interface: 'desk 12' }, 'desk 12'],
  [
    'tr-101',
    ascii('DSLAM-EAST-04 eth 1/3/5:835'),
    { host: 'DSLAM-EAST-04', interface: 'eth 1/3/5', vlan: 835 },
    'DSLAM-EAST-04 eth 1/3/5',
  ],
  [
    'tr-101',
    ascii('DSLAM-EAST-04 atm 1/5:8.35'),
    { host: 'DSLAM-EAST-04', interface: 'atm 1/5', vpi: 8, vci: 35 },
    'DSLAM-EAST-04 atm 1/5:8.35',
  ],
  [
    'zte',
    ascii('eth 0/0/5:30.3611 0/0/0/0/0/0'),
    { interface: 'eth 0/0/5', slot: 0, subslot: 0, port: 5, vlan: 30, innerVlan: 3611 },
    'eth 0/0/5',
  ],
  ['zyxel', ascii('Switch/07/0123'), { host: 'Switch', port: 7, vlan: 123 }, '7'],
];

/** Circuit-ids that a careless reading would still decode. */
const MISFITS: [ProfileName, Buffer, string][] = [
  ['cisco-ios-base1', hex('00 04 0064 01'), 'one byte short'],
  ['cisco-ios-base1', hex('00 04 0064 01 0c 00'), 'one byte long'],
  ['cisco-ios-base1', hex('00 05 0064 01 0c'), 'another inner length'],
  ['cisco-ios-base1', hex('00 04 0064 01 00'), 'port 0 where ports start at 1'],
  ['cisco-ios-base1', hex('00 04 1000 01 01'), 'VLAN 4096'],
  ['cisco-ios-base1', hex('01 02 01 05'), 'a string of control characters'],
  ['cisco-ios-base3', hex('00 04 0064 01 02'), 'port 2 where 3 is the first'],
  ['cisco-string', hex('01 05 41'), 'an inner length beyond the end'],
  ['cisco-string', hex('01 01 41 42'), 'an inner length before the end'],
  ['cisco-string', hex('01 00'), 'an empty string'],
  ['cisco-string', hex('01 03 1b5b4d'), 'an escape sequence'],
  ['moxa', hex('02 000f 03'), 'another first byte'],
  ['d-link-vendor1', hex('00 06 0064 0001 000c 02 06 001122aabbcc'), 'another fixed part'],
  ['fortiswitch-legacy', hex('1b 2d 0064 01 0c'), 'a host that is not text'],
  ['fortiswitch-legacy', hex('2d 0064 01 0c'), 'an empty host'],
  ['sonic', ascii('leaf1:etp10:5000:1'), 'too many parts'],
  ['tr-101', ascii('DSLAM eth 1/3:9999'), 'VLAN 9999'],
  ['juniper', ascii('ge-0/0/1\n.0'), 'a line break'],
  ['zte', ascii(''), 'nothing'],
];

describe('switch profiles', () => {
  for (const [profile, circuitId, fields, name] of VECTORS) {
    it(`${profile} reads ${toText(circuitId)} as ${name}`, () => {
      assert.deepEqual(decodeCircuitId(profile, circuitId), fields);
      assert.equal(portName(profile, circuitId), name);
    });
  }

  for (const [profile, circuitId, why] of MISFITS) {
    it(`${profile} does not decode ${why}`, () => {
      assert.equal(decodeCircuitId(profile, circuitId), undefined);
      assert.equal(portName(profile, circuitId), toText(circuitId));
    });
  }

  it('has a test vector for every profile', () => {
    assert.deepEqual([...new Set(VECTORS.map(([profile]) => profile))].sort(), PROFILE_NAMES);
  });

  it('reads the same bytes as different ports under different profiles', () => {
    const bytes = hex('00 04 0064 01 0c');
    const names = (['cisco-ios-base1', 'cisco-ios-base3', 'h3c-extended', 'huawei-extend'] as const).map((profile) =>
      portName(profile, bytes),
    );
    assert.deepEqual(names, ['1/12', '1/10', '269', '0/1/12']);
  });

  it('falls back to text or hex without a profile', () => {
    for (const profile of [undefined, null, '', 'no-such-profile', 'constructor', '__proto__']) {
      assert.equal(profileOf(profile), undefined);
      assert.equal(portName(profile, ascii('ge-0/0/1')), 'ge-0/0/1');
      assert.equal(portName(profile, hex('00 04 0064 01 0c')), '0x00040064010c');
    }
  });

  it('does not let a configured string pass as the hex of another port', () => {
    assert.equal(portName('cisco-string', Buffer.concat([hex('01 04'), ascii('0x41')])), '0x010430783431');
  });

  it('gives a printable name to any bytes under any profile', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PROFILE_NAMES), fc.uint8Array({ maxLength: 255 }), (profile, bytes) => {
        assert.match(portName(profile, bytes), /^[\x20-\x7e]+$/);
      }),
    );
  });

  it('keeps every bit of a binary circuit-id in its fields', () => {
    const binary = Object.values(PROFILES)
      .flatMap((profile): readonly Layout[] => profile.circuitId)
      .filter((layout): layout is BinaryLayout => layout.form === 'binary' && layout.hostEndsWith === undefined);
    const cases = fc.constantFrom(...binary).chain((layout) =>
      fc.record({
        layout: fc.constant(layout),
        raw: fc.tuple(...layout.fields.map((field) => rawOf(field))),
      }),
    );
    fc.assert(
      fc.property(cases, ({ layout, raw }) => {
        const profile = PROFILE_NAMES.find((name) => (PROFILES[name].circuitId as readonly Layout[]).includes(layout));
        const fields = decodeCircuitId(profile, pack(layout, raw));
        assert.ok(fields);
        for (const [index, spec] of layout.fields.entries()) {
          if ('fixed' in spec || spec.field === 'mac' || spec.field === 'device') continue;
          assert.equal(fields[spec.field], Number(raw[index]) + (spec.add ?? 0));
        }
      }),
    );
  });
});

function rawOf(spec: BinaryLayout['fields'][number]): fc.Arbitrary<bigint> {
  if ('fixed' in spec) return fc.constant(BigInt(spec.fixed));
  const max = spec.field === 'vlan' ? 4095n : (1n << BigInt(spec.bits)) - 1n;
  const min = 'min' in spec ? BigInt((spec.min ?? 0) - (spec.add ?? 0)) : 0n;
  return fc.bigInt({ min, max });
}

function pack(layout: BinaryLayout, raw: readonly bigint[]): Buffer {
  let value = 0n;
  let bits = 0;
  for (const [index, spec] of layout.fields.entries()) {
    value = (value << BigInt(spec.bits)) | raw[index]!;
    bits += spec.bits;
  }
  return Buffer.from(value.toString(16).padStart(bits / 4, '0'), 'hex');
}

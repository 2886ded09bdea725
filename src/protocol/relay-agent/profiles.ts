import type { BitField, Layout, TextLayout } from './layout.js';

/** How a remote-id may be written. */
export type RemoteForm =
  /** `00 06` and the MAC address. */
  | 'mac-header'
  /** `01 LENGTH` and a text. */
  | 'text-header'
  /** The 6 bytes of a MAC address. */
  | 'mac'
  /** The 4 bytes of an IPv4 address. */
  | 'ip'
  /** A MAC address as text, in any usual notation. */
  | 'mac-text'
  /** Any printable text. */
  | 'text';

/**
 * How the switches of one make, or with one setting, write Option 82. The first layout or form that fits is used. Texts come before raw
 * addresses: a name of 4 or 6 letters is more likely than an address of printable bytes.
 */
export interface SwitchProfile {
  /** Which devices it is for, one line. */
  readonly about: string;
  readonly circuitId: readonly Layout[];
  readonly remoteId: readonly RemoteForm[];
}

const vlan: BitField = { field: 'vlan', bits: 16 };
const module8: BitField = { field: 'module', bits: 8 };
const slot8: BitField = { field: 'slot', bits: 8 };
const port8: BitField = { field: 'port', bits: 8, min: 1 };
const port16: BitField = { field: 'port', bits: 16, min: 1 };
const header = (type: number, length: number): BitField => ({ fixed: type * 256 + length, bits: 16 });

/** `00 04 VLAN(2) MODULE(1) PORT(1)`, ports counted from 1. */
const MODULE_PORT: Layout = { form: 'binary', fields: [header(0, 4), vlan, module8, port8], name: '{module}/{port}' };
/** The same four bytes without their inner header. */
const BARE_MODULE_PORT: Layout = { form: 'binary', fields: [vlan, module8, port8], name: '{module}/{port}' };
/** `01 LENGTH` and the text an operator configured. */
const HEADED_STRING: Layout = { form: 'text', header: 1, pattern: /^(?<interface>.+)$/, name: '{interface}' };
const INTERFACE_NAME: Layout = { form: 'text', pattern: /^(?<interface>\S+)$/, name: '{interface}' };

const text = (pattern: RegExp, name: string): TextLayout => ({ form: 'text', pattern, name });

/** Broadband Forum TR-101 R-124: `NODE eth SLOT/PORT[:VLAN]`, `NODE atm SLOT/PORT:VPI.VCI`; SLOT may be several numbers. */
const TR101: readonly Layout[] = [
  text(
    /^(?<host>\S+) (?<interface>eth \d+(?:\/\d+)*)(?::(?<vlan>\d{1,4})(?:\.(?<innerVlan>\d{1,4}))?)?$/,
    '{host} {interface}',
  ),
  text(/^(?<host>\S+) (?<interface>atm \d+(?:\/\d+)*):(?<vpi>\d+)\.(?<vci>\d+)$/, '{host} {interface}:{vpi}.{vci}'),
];
/** `eth SLOT/SUBSLOT/PORT:OUTER.INNER ...`. The text after the blank describes the access node. */
const ACCESS_LOOP: readonly Layout[] = [
  text(
    /^(?<interface>(?:eth|trunk) ?(?<slot>\d+)\/(?<subslot>\d+)\/(?<port>\d+)):(?<vlan>\d{1,4})\.(?<innerVlan>\d{1,4})(?: .*)?$/,
    '{interface}',
  ),
  text(
    /^(?<interface>atm ?(?<slot>\d+)\/(?<subslot>\d+)\/(?<port>\d+)):(?<vpi>\d+)\.(?<vci>\d+)(?: .*)?$/,
    '{interface}:{vpi}.{vci}',
  ),
];
/** As {@link ACCESS_LOOP} behind the name of the node. */
const NODE_ACCESS_LOOP: Layout = text(
  /^(?<host>\S+) (?<interface>(?:eth|trunk) ?(?<slot>\d+)\/(?<subslot>\d+)\/(?<port>\d+)):(?<vlan>\d{1,4})\.(?<innerVlan>\d{1,4})(?: .*)?$/,
  '{interface}',
);

const HEADED_REMOTE = ['mac-header', 'text-header'] as const;

/**
 * The profiles by name. The same bytes mean different ports for different makes (`00 04` alone begins four layouts), so the operator
 * chooses the profile of each switch. It is never guessed.
 */
export const PROFILES = {
  'alcatel-omniswitch': {
    about: 'Alcatel-Lucent OmniSwitch, "auto" format: SystemName_slot_port',
    circuitId: [text(/^(?<host>.+)_(?<slot>\d+)_(?<port>\d+)$/, '{slot}/{port}')],
    remoteId: ['text', 'mac'],
  },
  arista: {
    about: 'Arista EOS: Ethernet14:Vlan2001, also behind an inner header of type 0',
    circuitId: [
      text(/^(?<interface>[A-Z][\w/-]*):(?:Vlan)?(?<vlan>\d{1,4})$/, '{interface}'),
      {
        form: 'text',
        header: 0,
        pattern: /^(?<interface>[A-Z][\w/-]*):(?:Vlan)?(?<vlan>\d{1,4})$/,
        name: '{interface}',
      },
      text(/^(?<interface>[A-Z][\w/-]*)$/, '{interface}'),
    ],
    remoteId: ['mac-text', 'text', 'mac'],
  },
  bdcom: {
    about: 'BDCOM EPON: VLAN(2) MODULE(1) PORT(1) LLID(1)',
    circuitId: [
      { form: 'binary', fields: [vlan, module8, port8, { field: 'llid', bits: 8 }], name: '{module}/{port}:{llid}' },
    ],
    remoteId: ['text', 'mac'],
  },
  'china-telecom': {
    about: 'China Telecom access loop: eth SLOT/SUB/PORT:XPI.XCI NODE/RACK/FRAME/SLOT/SUB/PORT',
    circuitId: ACCESS_LOOP,
    remoteId: ['text'],
  },
  'cisco-cmts': {
    about: 'Cisco cBR and uBR: one bit modem or CPE, 31 bits interface index',
    circuitId: [
      {
        form: 'binary',
        fields: [
          { field: 'device', bits: 1 },
          { field: 'ifIndex', bits: 31 },
        ],
        name: '{device} {ifIndex}',
      },
    ],
    remoteId: ['mac'],
  },
  'cisco-ios-base1': {
    about: 'Cisco Catalyst blade switches (3020, 3032, 3120, 3130), ports counted from 1',
    circuitId: [MODULE_PORT, HEADED_STRING],
    remoteId: HEADED_REMOTE,
  },
  'cisco-ios-base3': {
    about: 'Cisco Catalyst 2960, 3560-X, 3750 and their like: 3 stands for port 1',
    circuitId: [
      {
        form: 'binary',
        fields: [header(0, 4), vlan, module8, { field: 'port', bits: 8, add: -2, min: 1 }],
        name: '{module}/{port}',
      },
      HEADED_STRING,
    ],
    remoteId: HEADED_REMOTE,
  },
  'cisco-nxos': {
    about: 'Cisco NX-OS: as IOS with the slot as module (snooping), or a 4-byte interface index (relay)',
    circuitId: [
      { form: 'binary', fields: [header(0, 4), vlan, slot8, port8], name: '{slot}/{port}' },
      HEADED_STRING,
      { form: 'binary', fields: [{ field: 'ifIndex', bits: 32 }], name: 'ifindex {ifIndex}' },
    ],
    remoteId: HEADED_REMOTE,
  },
  'cisco-string': {
    about: 'Cisco IOS with "format-type circuit-id string"',
    circuitId: [HEADED_STRING],
    remoteId: HEADED_REMOTE,
  },
  'd-link': {
    about: 'D-Link default: VLAN, unit (0 if standalone), port',
    circuitId: [MODULE_PORT],
    remoteId: HEADED_REMOTE,
  },
  'd-link-vendor1': {
    about: 'D-Link vendor1: 00 06 VLAN(2) SLOT(2) PORT(2) 01 06 MAC(6)',
    circuitId: [
      {
        form: 'binary',
        fields: [header(0, 6), vlan, { field: 'slot', bits: 16 }, port16, header(1, 6), { field: 'mac', bits: 48 }],
        name: '{slot}/{port}',
      },
    ],
    remoteId: HEADED_REMOTE,
  },
  'd-link-vendor2': {
    about: 'D-Link vendor2: p02 (a stack counts 64 ports per unit)',
    circuitId: [text(/^(?<interface>p(?<port>\d{1,4}))$/, '{interface}')],
    remoteId: ['text'],
  },
  'd-link-vendor4': {
    about: 'D-Link vendor4: sysname-MODULE/PORT-VLAN',
    circuitId: [text(/^(?<host>.+)-(?<module>\d+)\/(?<port>\d+)-(?<vlan>\d{1,4})$/, '{module}/{port}')],
    remoteId: ['text'],
  },
  'd-link-vendor5': {
    about: 'D-Link vendor5: sysname eth CHASSIS/SLOT/PORT:VLAN',
    circuitId: [
      text(/^(?<host>.+) eth (?<chassis>\d+)\/(?<slot>\d+)\/(?<port>\d+):(?<vlan>\d{1,4})$/, '{chassis}/{slot}/{port}'),
    ],
    remoteId: ['text'],
  },
  'd-link-vendor6': {
    about: 'D-Link vendor6: EthernetCHASSIS/0/PORT:VLAN.0 sysname/0/0/CHASSIS/0/PORT',
    circuitId: [
      text(
        /^(?<interface>Ethernet(?<chassis>\d+)\/\d+\/(?<port>\d+)):(?<vlan>\d{1,4})\.(?<innerVlan>\d{1,4}) (?<host>[^/]+)(?:\/\d+){5}$/,
        '{interface}',
      ),
    ],
    remoteId: ['text'],
  },
  'edge-core': {
    about: 'Edge-Core: VLAN, unit, port, or a TR-101 text with or without inner header',
    circuitId: [MODULE_PORT, ...TR101, ...TR101.map((layout): Layout => ({ ...(layout as TextLayout), header: 1 }))],
    remoteId: ['mac-header', 'text-header', 'mac-text', 'text', 'mac', 'ip'],
  },
  eltex: {
    about: 'Eltex MES: "host eth STACK/SLOT/INTERFACE:VLAN", or the custom binary form',
    circuitId: [
      text(/^(?<host>\S+) eth (?<module>\d+)\/(?<slot>\d+)\/(?<port>\d+):(?<vlan>\d{1,4})$/, '{module}/{slot}/{port}'),
      MODULE_PORT,
    ],
    remoteId: ['mac-header', 'mac-text', 'text', 'mac'],
  },
  'extreme-exos': {
    about: 'Extreme EXOS: VLAN-IFINDEX as text',
    circuitId: [text(/^(?<vlan>\d{1,4})-(?<ifIndex>\d{1,10})$/, '{ifIndex}')],
    remoteId: ['text', 'mac'],
  },
  fortigate: {
    about: 'FortiGate: VLAN(2) MODE(1) PORT(1) without inner header',
    circuitId: [BARE_MODULE_PORT],
    remoteId: ['text', 'mac'],
  },
  'fortiswitch-legacy': {
    about: 'FortiSwitch legacy: hostname- and VLAN(2) MODULE(1) PORT(1)',
    circuitId: [{ form: 'binary', hostEndsWith: '-', fields: [vlan, module8, port8], name: '{module}/{port}' }],
    remoteId: ['mac-text', 'text', 'mac'],
  },
  'h3c-extended': {
    about: 'H3C and 3Com, extended (default): 00 04 VLAN(2) INDEX(2), index = port - 1; or 01 LENGTH text',
    circuitId: [
      { form: 'binary', fields: [header(0, 4), vlan, { field: 'port', bits: 16, add: 1 }], name: '{port}' },
      HEADED_STRING,
    ],
    remoteId: HEADED_REMOTE,
  },
  'h3c-standard': {
    about: 'H3C and 3Com, standard: VLAN(2) INDEX(2) without inner header, index = port - 1',
    circuitId: [{ form: 'binary', fields: [vlan, { field: 'port', bits: 16, add: 1 }], name: '{port}' }],
    remoteId: ['text', 'mac'],
  },
  'h3c-verbose': {
    about: 'H3C and HPE Comware 7, verbose: "node eth CHASSIS/SLOT/SUBSLOT/PORT:VLAN"',
    circuitId: [
      text(
        /^(?<host>\S+) eth (?<chassis>\d+)\/(?<slot>\d+)\/(?<subslot>\d+)\/(?<port>\d+):(?<vlan>\d{1,4})(?:\.(?<innerVlan>\d{1,4}))?$/,
        '{chassis}/{slot}/{subslot}/{port}',
      ),
    ],
    remoteId: ['mac-text', 'text', 'mac'],
  },
  'hp-procurve': {
    about: 'HP ProCurve and Aruba 2900, 5400: port index(2)',
    circuitId: [{ form: 'binary', fields: [port16], name: '{port}' }],
    remoteId: ['mac', 'ip'],
  },
  'huawei-common': {
    about: 'Huawei "common": ethSLOT/SUBSLOT/PORT:SVLAN.CVLAN and the host',
    circuitId: [...ACCESS_LOOP, NODE_ACCESS_LOOP],
    remoteId: ['mac-text', 'text'],
  },
  'huawei-default': {
    about: 'Huawei "default" and NE types 1, 2: INTERFACE:SVLAN.CVLAN host/0/0/0/0/0',
    circuitId: [
      text(/^(?<interface>[^\s:]+):(?<vlan>\d{1,4})\.(?<innerVlan>\d{1,4})(?: .*)?$/, '{interface}'),
      text(/^(?<host>\S+) (?<interface>[^:]+):(?<vlan>\d{1,4})\.(?<innerVlan>\d{1,4})(?: .*)?$/, '{interface}'),
    ],
    remoteId: ['mac-text', 'text', 'mac'],
  },
  'huawei-extend': {
    about: 'Huawei "extend": 00 04 SVLAN(2), slot in 5 bits, subslot in 3, PORT(1)',
    circuitId: [
      {
        form: 'binary',
        fields: [
          header(0, 4),
          vlan,
          { field: 'slot', bits: 5 },
          { field: 'subslot', bits: 3 },
          { field: 'port', bits: 8 },
        ],
        name: '{slot}/{subslot}/{port}',
      },
    ],
    remoteId: ['mac-header'],
  },
  'isc-dhcrelay': {
    about: 'ISC dhcrelay -a: name of the interface',
    circuitId: [INTERFACE_NAME],
    remoteId: ['text'],
  },
  juniper: {
    about: 'Juniper EX, QFX, MX: [host:]INTERFACE[:VLAN]',
    circuitId: [
      text(/^(?<interface>[a-z]+-?\d[\w/.-]*):(?<vlan>\d{1,4})(?:-(?<innerVlan>\d{1,4}))?$/, '{interface}'),
      text(/^(?<interface>[a-z]+-?\d[\w/.-]*)(?::(?<vlanName>[^:]+))?$/, '{interface}'),
      text(/^(?<host>[^:]+):(?<interface>[a-z]+-?\d[\w/.-]*)(?::(?<vlanName>[^:]+))?$/, '{interface}'),
    ],
    remoteId: ['mac-text', 'text', 'mac'],
  },
  'juniper-e': {
    about: 'JunosE dsl-forum-1: eth SLOT/ADAPTER/PORT:SVLAN.VLAN#...',
    circuitId: [
      text(
        /^(?<interface>eth (?<slot>\d+)\/(?<module>\d+)\/(?<port>\d+)):(?<vlan>\d{1,4})\.(?<innerVlan>\d{1,4})(?:#.*)?$/,
        '{interface}',
      ),
    ],
    remoteId: ['text'],
  },
  mikrotik: {
    about: 'MikroTik: "identity eth SLOT/PORT" (bridge snooping) or the name of the interface (relay)',
    circuitId: [text(/^(?<host>.+) (?<interface>eth (?<slot>\d+)\/(?<port>\d+))$/, '{interface}'), INTERFACE_NAME],
    remoteId: ['mac-text', 'text', 'mac'],
  },
  moxa: {
    about: 'Moxa and Weidmueller: 01 VLAN(2) PORT(1)',
    circuitId: [{ form: 'binary', fields: [{ fixed: 1, bits: 8 }, vlan, port8], name: '{port}' }],
    remoteId: ['text', 'mac', 'ip'],
  },
  netiron: {
    about: 'Brocade NetIron: VLAN(2) MODULE(1) PORT(1) without inner header',
    circuitId: [BARE_MODULE_PORT],
    remoteId: ['mac'],
  },
  'nokia-sros': {
    about: 'Nokia SR OS ascii-tuple: node|service-id|interface[|sap]',
    circuitId: [text(/^(?<host>[^|]+)\|(?<service>[^|]+)\|(?<interface>[^|]+)(?:\|[^|]*)?$/, '{interface}')],
    remoteId: ['text', 'mac'],
  },
  'planet-ascii': {
    about: 'Planet, SNR, DCN default: Vlan2+Ethernet1/1',
    circuitId: [text(/^Vlan(?<vlan>\d{1,4})\+(?<interface>[\w/]+)$/, '{interface}')],
    remoteId: ['mac-text', 'text', 'mac'],
  },
  'planet-hex': {
    about: 'Planet, SNR, DCN hex: 00 06 VLAN(2) SLOT(1) MODULE(1) PORT(2)',
    circuitId: [
      { form: 'binary', fields: [header(0, 6), vlan, slot8, module8, port16], name: '{slot}/{module}/{port}' },
    ],
    remoteId: ['mac'],
  },
  'ruckus-icx': {
    about: 'Ruckus and Brocade ICX, FastIron, Dell PowerConnect B: 00 04 VLAN(2) SLOT(1) PORT(1)',
    circuitId: [{ form: 'binary', fields: [header(0, 4), vlan, slot8, port8], name: '{slot}/{port}' }],
    remoteId: HEADED_REMOTE,
  },
  sonic: {
    about: 'SONiC: host:alias[:VLAN], older releases the interface alone',
    circuitId: [
      text(/^(?<host>[^:]+):(?<interface>[^:]+):(?:Vlan)?(?<vlan>\d{1,4})$/, '{interface}'),
      text(/^(?<host>[^:]+):(?<interface>[^:]+)$/, '{interface}'),
      text(/^(?<interface>[^\s:]+)$/, '{interface}'),
    ],
    remoteId: ['mac-text', 'text', 'mac'],
  },
  'tp-link': {
    about: 'TP-Link JetStream normal: 00 04 VLAN(2) MODULE(1) PORT(1) or 01 LENGTH text',
    circuitId: [MODULE_PORT, HEADED_STRING],
    remoteId: HEADED_REMOTE,
  },
  'tp-link-private': {
    about: 'TP-Link JetStream private: the same without inner headers',
    circuitId: [BARE_MODULE_PORT, text(/^(?<interface>.+)$/, '{interface}')],
    remoteId: ['text', 'mac'],
  },
  'tr-101': {
    about: 'Broadband Forum TR-101: "node eth SLOT/PORT[:VLAN]", "node atm SLOT/PORT:VPI.VCI"',
    circuitId: TR101,
    remoteId: ['text'],
  },
  zte: {
    about: 'ZTE: eth SLOT/SUB/PORT:OUTER.INNER 0/0/0/0/0/0',
    circuitId: [...ACCESS_LOOP, NODE_ACCESS_LOOP],
    remoteId: ['text'],
  },
  zyxel: {
    about: 'Zyxel: identifier/PORT/VLAN with a delimiter, two and four digits',
    circuitId: [text(/^(?<host>.+)[/#.,;& ](?<port>\d\d)[/#.,;& ](?<vlan>\d{4})$/, '{port}')],
    remoteId: ['text', 'mac'],
  },
} as const satisfies Record<string, SwitchProfile>;

export type ProfileName = keyof typeof PROFILES;

/** Every profile name that a configuration may use, sorted. */
export const PROFILE_NAMES: readonly ProfileName[] = (Object.keys(PROFILES) as ProfileName[]).sort();

/** The profile of that name; undefined if there is none. */
export function profileOf(name: string | null | undefined): SwitchProfile | undefined {
  return name && Object.hasOwn(PROFILES, name) ? PROFILES[name as ProfileName] : undefined;
}

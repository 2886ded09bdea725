/** A DHCP packet that the evidence tap of a server saw, as tshark decodes it. */
export interface Packet {
  /** Microseconds since 1970. */
  readonly at: number;
  /** Server of the tap: `dhcp-a`. */
  readonly server: string;
  readonly source: string;
  /** Option 53. */
  readonly type: number;
  /** Hex digits. */
  readonly xid: string;
  readonly mac: string;
  readonly ciaddr: string;
  readonly yiaddr: string;
  readonly giaddr: string;
  /** Values in hex digits by option code; options without a value are left out. */
  readonly options: ReadonlyMap<number, string>;
}

export const TYPE = { discover: 1, offer: 2, request: 3, decline: 4, ack: 5, nak: 6, release: 7 } as const;
export const OPTION = { hostName: 12, requestedAddress: 50, leaseTime: 51, serverId: 54, clientId: 61, relayAgent: 82 };

const FIELDS = [
  'frame.time_epoch',
  'ip.src',
  'dhcp.option.dhcp',
  'dhcp.id',
  'dhcp.hw.mac_addr',
  'dhcp.ip.client',
  'dhcp.ip.your',
  'dhcp.ip.relay',
  'dhcp.option.type',
  'dhcp.option.length',
  'dhcp.option.value',
] as const;
const PAD = 0;
const END = 255;

/** The command that prints a capture in the format of {@link parsePackets}. */
export function tsharkCommand(file: string): string[] {
  return ['tshark', '-n', '-r', file, '-T', 'fields', ...FIELDS.flatMap((field) => ['-e', field]), 'dhcp'];
}

/** Reads what tshark printed. Throws on a line that it does not understand. */
export function parsePackets(output: string, server: string): Packet[] {
  const lines = output.split('\n').filter((line) => line !== '');
  return lines.map((line) => parsePacket(line.split('\t'), server));
}

function parsePacket(fields: string[], server: string): Packet {
  if (fields.length !== FIELDS.length) throw new Error(`tshark printed ${fields.length} fields: ${fields.join(' ')}`);
  const [time, source, type, xid, macs, ciaddr, yiaddr, giaddr, codes, lengths, values] = fields as string[] & {
    length: (typeof FIELDS)['length'];
  };
  return {
    at: Math.round(Number(time!.slice(0, -3)) * 1_000_000),
    server,
    source: source!,
    type: Number(type),
    xid: xid!.slice(2),
    mac: macs!.split(',')[0]!,
    ciaddr: ciaddr!,
    yiaddr: yiaddr!,
    giaddr: giaddr!,
    options: parseOptions(codes!, lengths!, values!),
  };
}

/** Pad and End have no length; an option of length 0 has no value. */
function parseOptions(codes: string, lengths: string, values: string): Map<number, string> {
  const sized = codes.split(',').map(Number);
  const isEmpty = lengths.split(',').map((length) => Number(length) === 0);
  const texts = values.split(',');
  const options = new Map<number, string>();
  for (const code of sized.filter((number) => number !== PAD && number !== END)) {
    if (!isEmpty.shift()) options.set(code, texts.shift() ?? '');
  }
  return options;
}

/** An option of four bytes as an address. */
export function addressOption(packet: Packet, code: number): string | undefined {
  const bytes = packet.options.get(code);
  return bytes === undefined ? undefined : [...Buffer.from(bytes, 'hex')].join('.');
}

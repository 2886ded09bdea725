import { join } from 'node:path';
import type { Namespace } from '../../rig/lab/netns.js';
import type { Program } from '../../rig/lab/program.js';
import { programPath } from '../../rig/lab/requirements.js';
import { MICROS_PER_SECOND, type Micros } from '../../src/base/time.js';
import { formatIpv4 } from '../../src/net/ipv4.js';
import { type DhcpMessage, decodeMessage } from '../../src/protocol/dhcpv4/message.js';
import { TYPE } from './lab.js';
import { readDhcpPackets } from './pcap.js';

/** A DHCP message on the cable, with the fields that the tests use. */
export interface LoggedPacket {
  at: Micros;
  /** Option 53. */
  type: number;
  xid: number;
  /** Six pairs of hex with colons. */
  mac: string;
  yiaddr: string;
}

/** All DHCP packets on one interface, captured to a file by tcpdump. */
export class PacketLog {
  readonly #program: Program;
  readonly #file: string;

  private constructor(program: Program, file: string) {
    this.#program = program;
    this.#file = file;
  }

  /** Starts tcpdump and waits until it listens. The file lies in `folder`. */
  static async start(host: Namespace, device: string, folder: string): Promise<PacketLog> {
    const file = join(folder, `${host.name}-${device}.pcap`);
    const flags = ['-Z', 'root', '-U', '--immediate-mode', '-n', '-B', '131072', '-i', device, '-w', file];
    const program = host.start([programPath('tcpdump')!, ...flags, 'udp port 67']);
    await program.waitFor(/listening on/);
    return new PacketLog(program, file);
  }

  /** Stops it. Throws if the kernel dropped packets: the capture then proves nothing. */
  async stop(): Promise<LoggedPacket[]> {
    await this.#program.stop('SIGINT');
    const count = (what: string) => new RegExp(`^(\\d+) packets? ${what}`, 'm').exec(this.#program.stderr)?.[1];
    if (count('dropped by kernel') !== '0' || count('captured') !== count('received by filter'))
      throw new Error(`tcpdump missed packets:\n${this.#program.stderr}`);
    return readDhcpPackets(this.#file).map(({ time, payload }) => loggedPacket(time, decodeMessage(payload)));
  }
}

/** DHCPREQUESTs by transaction id, each with its DHCPACK if it got one. Throws if a transaction id was used twice. */
export function requestsOf(
  packets: readonly LoggedPacket[],
): Map<number, { request: LoggedPacket; ack: LoggedPacket | undefined }> {
  const found = new Map<number, { request: LoggedPacket; ack: LoggedPacket | undefined }>();
  for (const packet of packets) {
    const entry = found.get(packet.xid);
    if (packet.type === TYPE.request) {
      if (entry) throw new Error(`Two requests of transaction ${packet.xid}`);
      found.set(packet.xid, { request: packet, ack: undefined });
    }
    if (packet.type === TYPE.ack && entry) {
      if (entry.ack) throw new Error(`Two answers to transaction ${packet.xid}`);
      entry.ack = packet;
    }
  }
  return found;
}

/** The DISCOVERs and REQUESTs that got no answer. */
export function unansweredIn(packets: readonly LoggedPacket[]): LoggedPacket[] {
  const answered = new Set(
    packets.filter(({ type }) => type === TYPE.offer || type === TYPE.ack).map(({ xid }) => xid),
  );
  return packets.filter(({ type, xid }) => (type === TYPE.discover || type === TYPE.request) && !answered.has(xid));
}

/** Milliseconds from each request to its ACK, for requests sent in [from, until). */
export function waitsOf(packets: readonly LoggedPacket[], from: Micros, until: Micros): (number | undefined)[] {
  return [...requestsOf(packets).values()]
    .filter(({ request }) => request.at >= from && request.at < until)
    .map(({ request, ack }) => ack && ((ack.at - request.at) * 1000) / MICROS_PER_SECOND);
}

function loggedPacket(at: Micros, { options, xid, chaddr, yiaddr }: DhcpMessage): LoggedPacket {
  const mac = chaddr.toString('hex').replace(/..(?=.)/g, '$&:');
  return { at, type: options.get(53)?.[0] ?? 0, xid, mac, yiaddr: formatIpv4(yiaddr) };
}

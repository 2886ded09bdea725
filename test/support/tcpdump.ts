import type { Namespace } from '../../rig/lab/netns.js';
import type { Program } from '../../rig/lab/program.js';
import { programPath } from '../../rig/lab/requirements.js';

/** DHCPNAKs, of servers that put the message type first. */
export const NAKS = 'udp and src port 67 and udp[248:2] = 0x3501 and udp[250] = 6';

/** A frame that tcpdump saw, with the fields that the tests use. */
export interface SeenFrame {
  sourceMac: string;
  destinationMac: string;
  source: string;
  destination: string;
  /** tcpdump found the UDP checksum right. */
  checksumRight: boolean;
  text: string;
}

/** Captures on one interface. Stop it before you read the frames: that flushes its output. */
export class Sniffer {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  /** Starts tcpdump with a filter (`udp port 68`) and waits until it listens; only frames of that direction are seen. */
  static async start(
    host: Namespace,
    device: string,
    filter: string,
    direction: 'in' | 'out' | 'inout',
  ): Promise<Sniffer> {
    const flags = ['-Z', 'root', '-l', '-U', '--immediate-mode', '-n', '-e', '-vv', '-Q', direction, '-i', device];
    const program = host.start([programPath('tcpdump')!, ...flags, filter]);
    await program.waitFor(/listening on/);
    return new Sniffer(program);
  }

  /** Whole frames seen so far. */
  frames(): SeenFrame[] {
    return this.#program.stdout.split(/^(?=\d\d:\d\d:\d\d\.\d+ )/m).flatMap((text) => {
      const macs = /^\S+ (\S+) > (\S+), ethertype IPv4/.exec(text);
      const addresses = /^\s+([\d.]+)\.\d+ > ([\d.]+)\.\d+: (.*)/m.exec(text);
      if (!macs || !addresses) return [];
      return {
        sourceMac: macs[1]!,
        destinationMac: macs[2]!,
        source: addresses[1]!,
        destination: addresses[2]!,
        checksumRight: addresses[3]!.includes('[udp sum ok]'),
        text,
      };
    });
  }

  async stop(): Promise<SeenFrame[]> {
    await this.#program.stop('SIGINT');
    return this.frames();
  }
}

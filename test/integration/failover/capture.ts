import type { Namespace } from '../../../rig/lab/netns.js';
import { Program } from '../../../rig/lab/program.js';
import { programPath } from '../../../rig/lab/requirements.js';

/** Names of message types, by their number. */
const TYPES: Readonly<Record<string, string>> = {
  '1': 'POOLREQ',
  '2': 'POOLRESP',
  '3': 'BNDUPD',
  '4': 'BNDACK',
  '5': 'CONNECT',
  '6': 'CONNECTACK',
  '7': 'UPDREQALL',
  '8': 'UPDDONE',
  '9': 'UPDREQ',
  '10': 'STATE',
  '11': 'CONTACT',
  '12': 'DISCONNECT',
};

/** One frame in which failover messages end, as tshark's dissector of the protocol sees it. */
export interface DissectedFrame {
  frame: number;
  types: string[];
  /** The dissector found something that is not as it should be. */
  malformed: boolean;
}

/** All failover messages on one interface. */
export class TsharkCapture {
  readonly #tcpdump: Program;
  readonly #file: string;

  private constructor(tcpdump: Program, file: string) {
    this.#tcpdump = tcpdump;
    this.#file = file;
  }

  static async start(host: Namespace, device: string, file: string): Promise<TsharkCapture> {
    const flags = ['-Z', 'root', '-U', '--immediate-mode', '-n', '-B', '65536', '-i', device, '-w', file];
    const tcpdump = host.start([programPath('tcpdump')!, ...flags, 'tcp port 647']);
    await tcpdump.waitFor(/listening on/);
    return new TsharkCapture(tcpdump, file);
  }

  async stop(): Promise<DissectedFrame[]> {
    await this.#tcpdump.stop('SIGINT');
    const fields = ['frame.number', 'dhcpfo.type', '_ws.malformed', '_ws.expert.severity'].flatMap((name) => [
      '-e',
      name,
    ]);
    const command = [programPath('tshark')!, '-r', this.#file, '-Y', 'dhcpfo', '-T', 'fields', ...fields];
    const { stdout } = await new Program(command).succeed();
    return stdout.split('\n').filter(Boolean).map(frameOf);
  }
}

function frameOf(line: string): DissectedFrame {
  const [frame, types, malformed, severities] = line.split('\t');
  return {
    frame: Number(frame),
    types: types!.split(',').map((type) => TYPES[type] ?? type),
    malformed: malformed !== '' || (severities ?? '').split(',').some((severity) => Number(severity) >= ERROR),
  };
}

/** PI_ERROR, as epan/proto.h of Wireshark numbers it. */
const ERROR = 0x00800000;

import { type CommandResult, type ConfigDocument, Installation } from '../../../rig/lab/processes.js';
import type { Program } from '../../../rig/lab/program.js';
import type { LedgerEvent } from '../../../src/ledger/event/event.js';
import type { QueueReader as Reader } from '../../../src/ledger/queue/reader.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { TestRelay } from '../../support/relay-agent.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const [SERVER, RELAY] = ['127.76.54.32', '127.77.0.2'];

/** What a test changes in the configuration of {@link Bench}. */
export interface BenchConfig {
  server?: ConfigDocument;
  queue?: ConfigDocument;
  audit?: ConfigDocument;
}

/** One server and one relay on loopback, without root: queue and trail are files in a folder of the test. */
export class Bench {
  readonly folder = makeTempDir();
  readonly relay: TestRelay;
  readonly installation: Installation;
  queueFile = `${this.folder}/dhcp-a.queue`;
  readonly trailUrl = `sqlite:${this.folder}/audit.db`;
  readonly #programs: Program[] = [];

  private constructor(relay: TestRelay, config: BenchConfig) {
    this.relay = relay;
    this.installation = new Installation(this.folder, this.config(config));
  }

  static async open(config: BenchConfig = {}): Promise<Bench> {
    return new Bench(await TestRelay.open(RELAY!, SERVER!), config);
  }

  /** The configuration with some changes. */
  config({ server = {}, queue = {}, audit = {} }: BenchConfig = {}): ConfigDocument {
    return {
      server: {
        name: 'dhcp-a',
        listen: [{ address: SERVER, port: this.relay.port }],
        'trusted-relays': ['127.77.0.0/24'],
        'lease-time': '1h',
        subnets: [{ subnet: '127.77.0.0/16', pools: ['127.77.16.0-127.77.31.255'] }],
        ...server,
      },
      queue: { file: this.queueFile, ...queue },
      audit: { url: this.trailUrl, ...audit },
      log: { format: 'json' },
    };
  }

  /** Starts a command and leaves it running. */
  start(...args: string[]): Program {
    const program = this.installation.start('here', ...args);
    this.#programs.push(program);
    return program;
  }

  /** Starts the server and waits until it answers. */
  async serve(): Promise<Program> {
    const program = this.start('serve');
    await program.waitFor(/server-ready/, 20_000);
    return program;
  }

  /** Starts the server and stops it at once, which it does cleanly. */
  async serveBriefly(): Promise<void> {
    const server = await this.serve();
    const { code } = await server.stop();
    if (code !== 0) throw new Error(`The server did not end cleanly\n${server.output}`);
  }

  /** Runs a command to its end. */
  async run(...args: string[]): Promise<CommandResult> {
    const program = this.start(...args);
    const { code } = await program.ended;
    return { code, stdout: program.stdout, stderr: program.stderr };
  }

  /** Looks into the queue file. */
  inQueue<T>(work: (reader: Reader) => T): T {
    const reader = QueueReader.open(this.queueFile);
    try {
      return work(reader);
    } finally {
      reader.close();
    }
  }

  /** All events that are in the queue now. */
  events(): LedgerEvent[] {
    return this.inQueue((reader) => reader.read(0, 1_000_000));
  }

  async remove(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop('SIGKILL')));
    this.relay.close();
    removeTempDir(this.folder);
  }
}

/** The `error: ...` lines that a command wrote. */
export function errorLines({ stderr }: { stderr: string }): string[] {
  return stderr.split('\n').filter((line) => line.startsWith('error: '));
}

/** The log lines of a program with this id, as objects. */
export function logged(
  program: Program,
  id: string,
): { level: string; fields: Record<string, unknown>; message: string }[] {
  const lines = program.stderr.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return lines.map((line) => JSON.parse(line)).filter((line) => line.id === id);
}

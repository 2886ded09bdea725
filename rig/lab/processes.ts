import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Namespace } from './netns.js';
import { Program } from './program.js';
import { TSX } from './tsx.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `npm test` runs the built project; otherwise the sources run through tsx. */
const MAIN =
  process.env.PORTLEDGER_TEST_BUILT === '1'
    ? [join(ROOT, 'dist/src/apps/cli/main.js')]
    : ['--import', TSX, join(ROOT, 'src/apps/cli/main.ts')];

/** A configuration as it stands in the YAML file. */
export type ConfigDocument = Record<string, unknown>;

/** Where a command runs: a host of the test's campus, or this machine itself. */
export type Place = Namespace | 'here';

/** How a command ended, and what it wrote. */
export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** One configuration file in a folder of its own, and the commands that are run with it there. */
export class Installation {
  readonly folder: string;
  readonly configFile: string;

  /** Relative paths in the configuration start from the folder. */
  constructor(folder: string, config: ConfigDocument) {
    this.folder = folder;
    this.configFile = join(folder, 'portledger.yaml');
    this.configure(config);
  }

  /** Replaces the configuration; a running server reads it at SIGHUP. */
  configure(config: ConfigDocument): void {
    writeFileSync(this.configFile, stringify(config));
  }

  /** The command line of a command, for a caller that starts it itself. */
  command(...args: string[]): string[] {
    return [process.execPath, ...MAIN, '--config', this.configFile, ...args];
  }

  /** Starts a command and leaves it running. */
  start(place: Place, ...args: string[]): Program {
    const command = this.command(...args);
    return place === 'here' ? new Program(command, { cwd: this.folder }) : place.start(command, { cwd: this.folder });
  }

  /** Starts the server and waits until it answers. */
  async serve(place: Place): Promise<Program> {
    const program = this.start(place, 'serve');
    await program.waitFor(/server-ready/, 20_000);
    return program;
  }

  /** Starts the shipper and waits until it has reached the trail and works. */
  async ship(place: Place): Promise<Program> {
    const program = this.start(place, 'ship');
    await program.waitFor(/ship-started/, 20_000);
    return program;
  }

  /** Ships what is in the queue now and waits for the end; rejects unless it ends well. */
  async shipOnce(place: Place, withinMs = 60_000): Promise<void> {
    await this.start(place, 'ship', '--once').succeed(withinMs);
  }

  /** Runs a command to its end, whatever its exit code. */
  async run(place: Place, ...args: string[]): Promise<CommandResult> {
    const program = this.start(place, ...args);
    const { code } = await program.ended;
    return { code, stdout: program.stdout, stderr: program.stderr };
  }

  /** Runs a `report ...` and returns its rows, an empty list if nothing was found. Rejects on any other failure. */
  async report(place: Place, ...args: string[]): Promise<Record<string, unknown>[]> {
    const { code, stdout, stderr } = await this.run(place, 'report', ...args, '-o', 'json');
    if (code !== 0 && code !== 1) throw new Error(`report ${args.join(' ')}: exit ${code}\n${stderr}`);
    return JSON.parse(stdout).rows;
  }
}

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type CommandResult, Installation } from '../../rig/lab/processes.js';
import type { Program } from '../../rig/lab/program.js';
import { makeTempDir, removeTempDir } from '../support/temp.js';

const DAY_MS = 86_400_000;
/** What `portledger serve` and `ship` log when they work. */
const READY = /server-ready|ship-started/;
const COMMAND_MS = 30_000;

/**
 * A throwaway folder in which commands of the documents run: the trail and the queue of a demonstration, a server on that queue, and the
 * programs `portledger` and `npx`. `data/demo` is the demonstration as it was left.
 */
export class DocumentLab {
  readonly folder = makeTempDir();
  /** What `npm run demo` printed. */
  demonstration = '';
  #installation: Installation | undefined;
  #server: Program | undefined;

  /** Runs the demonstration (about 20 s), then the server. */
  async start(): Promise<void> {
    const demo = new Installation(this.folder, {});
    this.#writePrograms(demo);
    this.demonstration = (await demo.start('here', 'demo').succeed(90_000)).stdout;
    cpSync(join(this.folder, 'data/demo'), this.folder, { recursive: true });
    this.#installation = new Installation(this.folder, this.#asPair());
    for (const name of ['dhcp-a.pub', 'dhcp-b.pub'])
      copyFileSync(join(this.folder, 'demo.queue.key.pub'), join(this.folder, name));
    this.#server = await this.#installation.serve('here');
  }

  async close(): Promise<void> {
    await this.#server?.stop();
    removeTempDir(this.folder);
  }

  /** Runs a line of a document in the folder, with the names and times of the documents replaced by those of the demonstration. */
  run(line: string): CommandResult {
    return this.#runIn(this.folder, this.#localized(line));
  }

  /** As {@link run}, in a copy of the folder, on which no server runs: for what later commands would not find as it was. */
  runApart(line: string): CommandResult {
    const copy = makeTempDir();
    try {
      cpSync(this.folder, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
      return this.#runIn(copy, this.#localized(line));
    } finally {
      removeTempDir(copy);
    }
  }

  #runIn(folder: string, command: string): CommandResult {
    if (command.includes('evidence')) rmSync(join(folder, 'case-4711.json'), { force: true });
    const env = { ...process.env, PATH: `${join(this.folder, 'bin')}:${process.env.PATH}`, COLUMNS: '160' };
    const options = { cwd: folder, env, encoding: 'utf8', timeout: COMMAND_MS } as const;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], options);
    return { code: status, stdout, stderr };
  }

  /** Runs `serve` or `ship` until it says that it works, then stops it. `serve` is what runs all the time. */
  async runDaemon(words: readonly string[]): Promise<void> {
    if (words[0] === 'serve') return void (await this.#server!.waitFor(READY));
    const program = this.#installation!.start('here', words[0]!);
    await program.waitFor(READY, COMMAND_MS);
    await program.stop();
  }

  /** The demonstration's configuration, with a partner that never comes. */
  #asPair(): Record<string, unknown> {
    const config = parse(readFileSync(join(this.folder, 'portledger.yaml'), 'utf8'));
    const [subnet] = config.server.subnets;
    const pair = { name: 'campus', role: 'primary', mclt: '10m', split: 128, port: 24_647 };
    config.server.failover = [{ ...pair, address: '127.66.0.1', 'peer-address': '127.66.0.2' }];
    config.server.subnets = [{ ...subnet, pools: [{ range: subnet.pools[0], failover: 'campus' }] }];
    return config;
  }

  #localized(line: string): string {
    const day = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
    const granted = / (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) moved/.exec(this.demonstration)![1]!;
    const before = new Date(Date.parse(`${granted}Z`) - 1000).toISOString();
    return line
      .replaceAll('2026-11-20T14:03:07Z', before)
      .replaceAll('2026-11-19', day(-1))
      .replaceAll('2026-11-20', day(1))
      .replaceAll('198.18.16.7', '127.66.1.12')
      .replaceAll('Gi1/0/12', 'Gi1/0/3')
      .replaceAll('--server dhcp-a', '--server dhcp-demo')
      .replaceAll(/-c (\/etc\/portledger|examples\/[\w-]+)\/[\w-]+\.yaml/g, '-c portledger.yaml');
  }

  #writePrograms(installation: Installation): void {
    mkdirSync(join(this.folder, 'bin'));
    const [node, ...main] = installation.command().slice(0, -2);
    const start = [node, ...main].map((word) => `'${word}'`).join(' ');
    const scripts = { portledger: `exec ${start} "$@"`, npx: 'program=$1; shift; exec "$program" "$@"' };
    for (const [name, script] of Object.entries(scripts)) {
      writeFileSync(join(this.folder, 'bin', name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(this.folder, 'bin', name), 0o755);
    }
  }
}

/** Output with all that differs from run to run replaced. */
export function normalized(output: string): string {
  return output
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|\b)/g, 'TIME')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
    .replace(/\b[0-9a-f]{32}\b/g, 'KEY')
    .replace(/[\d.]+ s, [\d,]+ events\/s/g, 'RATE')
    .trim();
}

import { type ChildProcess, spawn } from 'node:child_process';
import { until } from './until.js';

/** How a program ended. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const running = new Set<Program>();

/** A program that a test started: its output so far, and its end. It never outlives the test run. */
export class Program {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #command: string;

  /** Starts it. Rejects through `ended` never; throws if the program cannot be started at all. */
  constructor(command: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.#command = command.join(' ');
    this.#child = spawn(command[0]!, command.slice(1), { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    if (this.#child.pid === undefined) {
      this.#child.on('error', () => undefined);
      throw new Error(`Cannot start "${this.#command}"`);
    }
    this.pid = this.#child.pid;
    this.#child.stdout!.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    running.add(this);
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        running.delete(this);
        resolve({ code, signal });
      });
    });
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Everything it wrote, both streams. */
  get output(): string {
    return this.stdout + this.stderr;
  }

  /** Sends a signal; does nothing if the program has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal);
  }

  /** Sends a signal (SIGTERM unless told) and waits for the end; after `withinMs` it is killed and the wait rejects. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', withinMs = 10_000): Promise<Ending> {
    this.signal(signal);
    const ending = await Promise.race([this.ended, timeout(withinMs)]);
    if (ending) return ending;
    this.#child.kill('SIGKILL');
    await this.ended;
    throw new Error(`"${this.#command}" did not end within ${withinMs} ms of ${signal}\n${this.output}`);
  }

  /** Waits until its output matches; rejects if it ends or the time passes before. */
  waitFor(pattern: RegExp, withinMs = 10_000): Promise<RegExpExecArray> {
    const detail = () => `"${this.#command}" wrote:\n${this.output}`;
    return until(
      `output ${pattern}`,
      () => {
        const match = pattern.exec(this.output);
        if (!match && !this.isRunning) throw new Error(`It ended before output ${pattern}\n${detail()}`);
        return match;
      },
      { withinMs, detail },
    );
  }

  /** Waits for the end; rejects unless it is exit code 0 within the time. */
  async succeed(withinMs = 30_000): Promise<this> {
    const ending = await Promise.race([this.ended, timeout(withinMs)]);
    if (ending?.code !== 0) {
      if (!ending) await this.stop('SIGKILL');
      const how = ending ? JSON.stringify(ending) : `still running after ${withinMs} ms`;
      throw new Error(`"${this.#command}": ${how}\n${this.output}`);
    }
    return this;
  }
}

async function timeout(ms: number): Promise<undefined> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
  return undefined;
}

// At the end of the test run nothing can be waited for. Before anything else: what they use is removed then, too.
process.prependListener('exit', () => {
  for (const program of running) program.signal('SIGKILL');
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const READY_MS = 20_000;
const STOP_MS = 10_000;

/** A `portledger` command in a process of its own. */
export class PortledgerProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];

  constructor(main: string, args: string[]) {
    this.#child = spawn(process.execPath, [...process.execArgv, main, ...args], {
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    createInterface({ input: this.#child.stderr! }).on('line', (line) => this.#lines.push(line));
  }

  /** Resolves when a log line contains the text. Rejects with the log if the process ends first, on a time-out, and on a stop. */
  async says(text: string, signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + READY_MS;
    while (!this.#lines.some((line) => line.includes(text))) {
      signal.throwIfAborted();
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`no "${text}" from the process; it said:\n${this.#lines.join('\n')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Resolves with the exit code. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  /** Sends SIGTERM, then SIGKILL if the process does not end. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.ended();
    clearTimeout(force);
  }
}

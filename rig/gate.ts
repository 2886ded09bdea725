/**
 * The way into a container for commands. Before the container is paused the gate is shut: the engine hangs, and never lets go of the
 * container, if a command begins in one that is being paused.
 */
export class Gate {
  readonly #inside = new Set<Promise<unknown>>();
  #isOpen = true;

  /** Runs a command. Rejects where the gate is shut. */
  async pass<T>(run: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) throw new Error('the container is paused');
    const running = run();
    this.#inside.add(running);
    return await running.finally(() => this.#inside.delete(running));
  }

  /** Lets nothing in any more; resolves when all that is inside has ended. */
  async shut(): Promise<void> {
    this.#isOpen = false;
    await Promise.allSettled(this.#inside);
  }

  open(): void {
    this.#isOpen = true;
  }
}

/**
 * Lets commands into a container, except while it is being paused: if a command starts at that moment, the engine hangs and never
 * releases the container.
 */
export class Gate {
  readonly #inside = new Set<Promise<unknown>>();
  #isOpen = true;

  /** Runs a command. Rejects while the gate is shut. */
  async pass<T>(run: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) throw new Error('the container is paused');
    const running = run();
    this.#inside.add(running);
    return await running.finally(() => this.#inside.delete(running));
  }

  /** Shuts the gate; resolves when all running commands have ended. */
  async shut(): Promise<void> {
    this.#isOpen = false;
    await Promise.allSettled(this.#inside);
  }

  open(): void {
    this.#isOpen = true;
  }
}

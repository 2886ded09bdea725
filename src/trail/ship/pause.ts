/** Waits that {@link stop} ends early. */
export class Pause {
  readonly #stop = new AbortController();

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Ends the current wait and all later ones. */
  stop(): void {
    this.#stop.abort();
  }

  /** Resolves after that many milliseconds, or at once when stopped. */
  async wait(millis: number): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, millis);
      signal.addEventListener('abort', end);
    });
  }
}

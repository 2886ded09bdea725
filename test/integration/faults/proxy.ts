import { connect, createServer, type Server, type Socket } from 'node:net';

/** Passes TCP connections on, and disturbs them when told to. */
export class FaultProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs: Set<{ near: Socket; far: Socket }>;

  private constructor(server: Server, pairs: Set<{ near: Socket; far: Socket }>) {
    this.#server = server;
    this.#pairs = pairs;
    this.port = (server.address() as { port: number }).port;
  }

  static async start(target: number): Promise<FaultProxy> {
    const pairs = new Set<{ near: Socket; far: Socket }>();
    const server = createServer((near) => {
      const far = connect(target, '127.0.0.1');
      pairs.add({ near, far });
      for (const socket of [near, far]) socket.on('error', () => socket.destroy());
      // Where one side is gone the other hears of it; not from a dead network, which no longer reads.
      near.on('close', () => far.destroy());
      far.on('close', () => far.readableFlowing !== false && near.destroy());
      near.pipe(far);
      far.pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FaultProxy(server, pairs);
  }

  /** Ends the present connections without goodbye. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  }

  /** Swallows from now on what the present connections say, as a dead network does. */
  mute(): void {
    for (const { near, far } of this.#pairs) {
      near.unpipe(far);
      far.unpipe(near);
      far.pause();
    }
  }

  /** The database hears everything to the end, but its answers are lost. */
  muteAnswers(): void {
    for (const { near, far } of this.#pairs) {
      far.unpipe(near);
      far.pause();
    }
  }

  async close(): Promise<void> {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

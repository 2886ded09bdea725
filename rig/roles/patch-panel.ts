import { countTo } from './cable.js';
import { pick, shuffle } from './random.js';

/** A port of a switch, both counted from 1. */
export interface Socket {
  switch: number;
  port: number;
}

/** The port of each client; null: unplugged. */
export type Patch = Map<number, Socket | null>;

const MOVE_ONE = 0.25;
const UNPLUG_ONE = 0.4;

/**
 * Decides which client is plugged into which port, from a seed. A turn mostly moves all clients, sometimes only one; sometimes one is
 * unplugged until the next turn.
 */
export class PatchPanel {
  readonly #sockets: Socket[];
  readonly #clients: number[];
  readonly #random: () => number;
  patch: Patch;

  constructor(clients: number, switches: number, ports: number, random: () => number) {
    this.#clients = countTo(clients);
    this.#sockets = countTo(switches).flatMap((number) => countTo(ports).map((port) => ({ switch: number, port })));
    this.#random = random;
    this.patch = this.#permuted();
  }

  /** The ports of the next turn. */
  turn(): Patch {
    const dice = this.#random();
    this.patch = dice < MOVE_ONE ? this.#oneMoved() : dice < UNPLUG_ONE ? this.#oneUnplugged() : this.#permuted();
    return this.patch;
  }

  /** Clients share ports only if there are more of them than ports. */
  #permuted(): Patch {
    const sockets = shuffle(this.#sockets, this.#random);
    return new Map(shuffle(this.#clients, this.#random).map((client, i) => [client, sockets[i % sockets.length]!]));
  }

  #oneMoved(): Patch {
    const client = pick(this.#clients, this.#random);
    const others = this.#sockets.filter((socket) => !isSameSocket(socket, this.patch.get(client) ?? null));
    return others.length === 0 ? this.patch : new Map(this.patch).set(client, pick(others, this.#random));
  }

  #oneUnplugged(): Patch {
    return new Map(this.patch).set(pick(this.#clients, this.#random), null);
  }
}

/** True if both are the same port, or both are none. */
export function isSameSocket(a: Socket | null, b: Socket | null): boolean {
  return a?.switch === b?.switch && a?.port === b?.port;
}

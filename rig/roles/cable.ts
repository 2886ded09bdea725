import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';

/** Where the other end of a cable listens. */
export interface CableEnd {
  host: string;
  port: number;
}

/** UDP ports of the ends of the campus' cables. */
export const CABLES = {
  /** At a switch: its uplink. */
  uplink: 20_000,
  /** At a switch: its port. */
  switchPort: (port: number) => 20_000 + port,
  /** At the gateway: the uplink of a switch. */
  gateway: (switchNumber: number) => 20_100 + switchNumber,
  /** At the permuter: the cable of a client. */
  client: (client: number) => 21_000 + client,
  /** At the permuter: the cable to a port of a switch. */
  panel: (switchNumber: number, port: number) => 22_000 + switchNumber * 100 + port,
};

/**
 * One end of an Ethernet cable made of two UDP sockets: each datagram is a frame. Without a fixed peer, the peer is the last sender, so that
 * a machine can be unplugged and plugged in again.
 */
export class Cable {
  readonly #socket: Socket;
  #peer: CableEnd | undefined;

  private constructor(socket: Socket, peer: CableEnd | undefined, onFrame: (frame: Buffer) => void) {
    this.#socket = socket;
    if (peer) this.#find(peer);
    socket.on('message', (frame, { address, port }) => {
      if (!peer) this.#peer = { host: address, port };
      onFrame(frame);
    });
  }

  /** Resolves the peer's address and retries until its machine is up; until then frames are lost. */
  #find({ host, port }: CableEnd): void {
    lookup(host, 4).then(
      ({ address }) => {
        this.#peer = { host: address, port };
      },
      () => setTimeout(() => this.#find({ host, port }), 250),
    );
  }

  static async plug(port: number, onFrame: (frame: Buffer) => void, peer?: CableEnd): Promise<Cable> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(port, resolve));
    // If the peer is not up (yet), the socket reports an error and the frame is lost, as on an unplugged cable.
    socket.removeAllListeners('error').on('error', () => undefined);
    return new Cable(socket, peer, onFrame);
  }

  send(frame: Buffer): void {
    if (this.#peer) this.#socket.send(frame, this.#peer.port, this.#peer.host, () => undefined);
  }
}

/** A whole number from the environment. Throws if it is missing or not a whole number. */
export function numberFrom(name: string): number {
  const value = Number(process.env[name]);
  if (process.env[name] === undefined || !Number.isInteger(value)) {
    throw new Error(`${name} is "${process.env[name] ?? ''}", and must be a whole number`);
  }
  return value;
}

/** The whole numbers from 1 to `count`. */
export function countTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

import type { RemoteInfo, Socket } from 'node:dgram';
import type { Ipv4 } from './ipv4.js';
import { LINUX, type Libc, nativeInt } from './libc.js';
import { closed, openByHand } from './socket.js';

/** 255.255.255.255. */
export const LIMITED_BROADCAST: Ipv4 = 0xffffffff;

/** An endpoint that uses a receiver. */
export interface BroadcastListener {
  onMessage(bytes: Buffer, remote: RemoteInfo): void;
  onError(error: Error): void;
}

/** The receivers of this process, by `interface:port`. */
const receivers = new Map<string, Promise<BroadcastReceiver>>();

/**
 * Receives the limited broadcasts of one interface. The endpoints of an interface share one, because two sockets would receive every
 * broadcast twice. The first endpoint gets them; when it leaves, the next one does.
 */
export class BroadcastReceiver {
  readonly #key: string;
  readonly #socket: Socket;
  readonly #listeners: BroadcastListener[] = [];

  /** Joins the receiver of an interface, or opens one. Rejects with the system's error. */
  static async join(
    libc: Libc,
    interfaceName: string,
    port: number,
    listener: BroadcastListener,
  ): Promise<BroadcastReceiver> {
    const key = `${interfaceName}:${port}`;
    let receiver = receivers.get(key);
    if (!receiver) {
      receiver = openBroadcastSocket(libc, interfaceName, port).then((socket) => new BroadcastReceiver(key, socket));
      receivers.set(key, receiver);
      receiver.catch(() => receivers.delete(key));
    }
    const joined = await receiver;
    joined.#listeners.push(listener);
    return joined;
  }

  private constructor(key: string, socket: Socket) {
    this.#key = key;
    this.#socket = socket;
    socket.on('message', (bytes, remote) => this.#listeners[0]?.onMessage(bytes, remote));
    socket.on('error', (error) => this.#listeners[0]?.onError(error));
  }

  /** Removes a listener. The last one closes the socket. */
  async leave(listener: BroadcastListener): Promise<void> {
    this.#listeners.splice(this.#listeners.indexOf(listener), 1);
    if (this.#listeners.length > 0) return;
    receivers.delete(this.#key);
    await closed(this.#socket);
  }
}

/** Node's dgram cannot bind to an interface, so the socket is made by hand and given to dgram, which closes it. */
async function openBroadcastSocket(libc: Libc, interfaceName: string, port: number): Promise<Socket> {
  const { socket } = await openByHand(libc, LIMITED_BROADCAST, port, (fd) => {
    libc.setsockopt(fd, LINUX.SOL_SOCKET, LINUX.SO_BINDTODEVICE, Buffer.from(`${interfaceName}\0`));
    libc.setsockopt(fd, LINUX.SOL_SOCKET, LINUX.SO_BROADCAST, nativeInt(1));
  });
  return socket;
}

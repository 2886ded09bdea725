import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { formatIpv4 } from '../../../src/net/ipv4.js';
import { type DhcpMessage, decodeMessage } from '../../../src/wire/message.js';
import { encodeRequest, option82, type RequestSketch, TYPE } from '../../support/lab.js';

/** What a client wanted, and got in the end: an address at a port, by a DHCPACK that it saw. */
export interface Acknowledged {
  readonly mac: string;
  readonly circuitId: string;
  readonly address: string;
  /** When it first asked, and when it saw the DHCPACK; microseconds since the epoch. */
  readonly asked: number;
  readonly acknowledged: number;
}

/** Milliseconds until a client asks again. */
const PATIENCE = 250;
const now = (): number => Date.now() * 1000;

/**
 * A relay on loopback with clients that never give up: each asks until it is answered, so that what is in the trail in
 * the end is known although any packet may be lost.
 */
export class PersistentRelay {
  /** All that was acknowledged, in the order in which it was. */
  readonly seen: Acknowledged[] = [];
  readonly port: number;
  readonly #socket: Socket;
  readonly #server: string;
  readonly #waiting = new Map<number, (reply: DhcpMessage) => void>();
  #xid = 1;
  /** Datagrams that were sent. */
  sent = 0;

  private constructor(socket: Socket, server: string) {
    this.#socket = socket;
    this.#server = server;
    this.port = socket.address().port;
    socket.on('message', (bytes) => {
      const reply = decodeMessage(bytes);
      this.#waiting.get(reply.xid)?.(reply);
    });
  }

  /** Opens it on a free port, which the server then listens on at its own address. */
  static async open(address: string, server: string): Promise<PersistentRelay> {
    const socket = createSocket('udp4');
    socket.bind(0, address);
    await once(socket, 'listening');
    return new PersistentRelay(socket, server);
  }

  /** A client that connects at one port after the other, each time until it has its address there. */
  async visit(mac: string, circuitId: string): Promise<void> {
    const asked = now();
    for (;;) {
      const address = await this.#attempt(mac, circuitId);
      if (address === undefined) continue;
      this.seen.push({ mac, circuitId, address, asked, acknowledged: now() });
      return;
    }
  }

  close(): void {
    this.#socket.close();
  }

  async #attempt(mac: string, circuitId: string): Promise<string | undefined> {
    const place = { mac, option82: option82(circuitId, 'sw-a') };
    const offer = await this.#ask({ ...place, type: TYPE.discover }, TYPE.offer);
    if (!offer) return undefined;
    const requested = formatIpv4(offer.yiaddr);
    const ack = await this.#ask({ ...place, type: TYPE.request, requested, serverId: this.#server }, TYPE.ack);
    return ack && formatIpv4(ack.yiaddr);
  }

  /** Sends a request once; undefined if the answer does not come soon, or is another. */
  async #ask(sketch: RequestSketch, type: number): Promise<DhcpMessage | undefined> {
    const xid = this.#xid++;
    const { address } = this.#socket.address();
    this.#socket.send(encodeRequest({ ...sketch, xid, giaddr: address }), this.port, this.#server);
    this.sent += 1;
    const reply = await new Promise<DhcpMessage | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), PATIENCE);
      this.#waiting.set(xid, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
    this.#waiting.delete(xid);
    return reply?.options.get(53)?.[0] === type ? reply : undefined;
  }
}

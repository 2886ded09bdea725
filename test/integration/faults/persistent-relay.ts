import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { formatIpv4 } from '../../../src/net/ipv4.js';
import { type DhcpMessage, decodeMessage } from '../../../src/protocol/dhcpv4/message.js';
import { encodeRequest, option82, type RequestSketch, TYPE } from '../../support/lab.js';

/** What became of a client's address, as it knows from the answers: it got or kept it at a port, gave it back, or found it in use. */
export interface Heard {
  readonly what: 'acknowledged' | 'released' | 'declined';
  readonly mac: string;
  readonly circuitId: string;
  readonly address: string;
  /** When it first asked, and when it saw the answer: the server took it in between. Microseconds since the epoch. */
  readonly asked: number;
  readonly answered: number;
}

/** Milliseconds until a client asks again. */
const PATIENCE = 250;
const now = (): number => Date.now() * 1000;

/**
 * A relay on loopback with clients that never give up: each asks until it is answered, so that what is in the trail in
 * the end is known although any packet may be lost.
 */
export class PersistentRelay {
  /** All that became certain, in the order in which it did. */
  readonly heard: Heard[] = [];
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

  /** A client connects at a port, and asks until it has its address there. */
  async visit(mac: string, circuitId: string): Promise<Heard> {
    const asked = now();
    for (;;) {
      const address = await this.#attempt(mac, circuitId);
      if (address !== undefined)
        return this.#note({ what: 'acknowledged', mac, circuitId, address, asked, answered: now() });
    }
  }

  /**
   * A client gives up its address at the port where it has it. Nobody answers that; but messages from one port are taken
   * one after the other, so an offer to whom asked behind it says that it was taken.
   */
  async giveUp({ mac, circuitId, address }: Heard, what: 'released' | 'declined'): Promise<Heard> {
    const place = { mac, option82: option82(circuitId, 'sw-a'), serverId: this.#server };
    const message =
      what === 'released'
        ? { ...place, type: TYPE.release, ciaddr: address }
        : { ...place, type: TYPE.decline, requested: address };
    const asked = now();
    for (;;) {
      this.#send({ ...message, xid: this.#xid++ });
      const offer = await this.#ask({ mac, option82: place.option82, type: TYPE.discover }, TYPE.offer);
      if (offer) return this.#note({ what, mac, circuitId, address, asked, answered: now() });
    }
  }

  #note(heard: Heard): Heard {
    this.heard.push(heard);
    return heard;
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
    this.#send({ ...sketch, xid });
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

  #send(sketch: RequestSketch & { xid: number }): void {
    const giaddr = this.#socket.address().address;
    this.#socket.send(encodeRequest({ ...sketch, giaddr }), this.port, this.#server);
    this.sent += 1;
  }
}

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { until } from '../../rig/lab/until.js';
import { formatIpv4 } from '../../src/net/ipv4.js';
import { type DhcpMessage, decodeMessage } from '../../src/protocol/dhcpv4/message.js';
import { encodeRequest, type RequestSketch, TYPE } from './lab.js';

/** Where a server listens on loopback. */
export interface ServerPlace {
  readonly address: string;
  readonly port: number;
}

/** What a client asks through the relay. */
export type RelayedRequest = Omit<RequestSketch, 'giaddr' | 'source' | 'sourcePort'>;

/**
 * A relay on a loopback address with simulated clients: it speaks real UDP to a server, without root. It listens on the server's port
 * number, because servers send replies for relays there.
 */
export class TestRelay {
  /** All replies so far, oldest first. */
  readonly replies: DhcpMessage[] = [];
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #server: string;
  #xid = 0x7000_0000;

  private constructor(socket: Socket, server: string) {
    this.#socket = socket;
    this.#server = server;
    this.address = socket.address().address;
    this.port = socket.address().port;
    socket.on('message', (bytes) => void this.replies.push(decodeMessage(bytes)));
  }

  /** Opens it on a free port; a server on another loopback address can then use the same port. */
  static async open(address: string, server: string, port = 0): Promise<TestRelay> {
    const socket = createSocket('udp4');
    socket.bind(port, address);
    await once(socket, 'listening');
    return new TestRelay(socket, server);
  }

  /** Sends bytes as they are. */
  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.port, this.#server);
  }

  /** Sends a request. Returns its transaction id. */
  send(sketch: RelayedRequest): number {
    const xid = sketch.xid ?? ++this.#xid;
    this.sendBytes(encodeRequest({ ...sketch, xid, giaddr: this.address }));
    return xid;
  }

  /** Sends a request without giaddr, like a client that has its address (RENEWING, RELEASE). */
  sendUnicast(sketch: RelayedRequest): number {
    const xid = sketch.xid ?? ++this.#xid;
    this.sendBytes(encodeRequest({ ...sketch, xid }));
    return xid;
  }

  /** Sends a request once and waits for its reply; undefined if none comes in time. */
  async ask(sketch: RelayedRequest, withinMs = 3000): Promise<DhcpMessage | undefined> {
    const xid = this.send(sketch);
    try {
      return await until('reply', () => this.replies.find((reply) => reply.xid === xid), { withinMs });
    } catch {
      return undefined;
    }
  }

  /** DISCOVER and REQUEST. Returns the ACK, undefined if one of the two got no such answer in time. */
  async lease(sketch: Omit<RelayedRequest, 'type'>, withinMs = 3000): Promise<DhcpMessage | undefined> {
    const offer = await this.ask({ ...sketch, type: TYPE.discover }, withinMs);
    if (!offer) return undefined;
    const chosen = { requested: formatIpv4(offer.yiaddr), serverId: this.#server };
    const reply = await this.ask({ ...sketch, ...chosen, type: TYPE.request }, withinMs);
    return reply && reply.options.get(53)?.[0] === TYPE.ack ? reply : undefined;
  }

  close(): void {
    this.#socket.close();
  }
}

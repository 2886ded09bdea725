import type { RemoteInfo, Socket } from 'node:dgram';
import { messageOf } from '../base/errors.js';
import { BATCHES, DatagramBatch, type Take, TURN } from './batch.js';
import { type BroadcastListener, BroadcastReceiver, LIMITED_BROADCAST } from './broadcast.js';
import { findListenPlace, type ListenPlace } from './interfaces.js';
import { formatIpv4, type Ipv4, parseIpv4, type Subnet } from './ipv4.js';
import { type Libc, loadLibc } from './libc.js';
import { LinkSender, type LinkTarget } from './link.js';
import { closed, codeOf, inUse, openPlain } from './socket.js';

/** Datagrams that libuv brings of one socket in one turn of the event loop. */
const LIBUV_TURN = 32;

export interface ReceivedDatagram {
  bytes: Buffer;
  source: Ipv4;
  sourcePort: number;
  /** It came to 255.255.255.255, on this endpoint's interface and no other. */
  viaBroadcast: boolean;
  endpoint: Endpoint;
}

export interface EndpointOptions {
  address?: Ipv4;
  /** Alone it means the interface's first address. */
  interface?: string;
  /** UDP port to listen on; 0 lets the system choose. */
  port: number;
  /** UDP port of directly attached clients. */
  clientPort: number;
}

/** A datagram could not be sent, or a socket failed; the endpoint goes on. Expected now and then, so it is no Error. */
export interface NetFault {
  operation: 'send' | 'send-direct' | 'receive';
  /** Name of the system's error: EHOSTUNREACH, ENETUNREACH, EMSGSIZE, ENOBUFS ... */
  code: string;
  /** Where it was to go, in dotted decimal. */
  destination?: string;
}

/**
 * One address that the server listens on. Three sockets share the work: a plain one for relays and for clients that
 * have their address; one that hears the broadcasts of the address's interface only; and one that puts replies on that
 * interface's link for clients that have no address yet (RFC 2131 section 4.1). The last two need Linux and privileges.
 */
export class Endpoint {
  readonly address: Ipv4;
  /** The port it listens on, also where 0 was asked for. */
  readonly port: number;
  readonly interface: string | undefined;
  /** The networks of the interface's addresses: clients of these may be attached directly. */
  readonly subnets: Subnet[];
  /** UDP port of directly attached clients; may change while the endpoint is open. */
  clientPort: number;
  readonly #onDatagram: (datagram: ReceivedDatagram) => void;
  readonly #onError: (fault: NetFault) => void;
  readonly #socket: Socket;
  /** Takes in and sends many datagrams at a time, where the system can. */
  #batch: DatagramBatch | undefined;
  readonly #broadcasts: BroadcastListener;
  #receiver: BroadcastReceiver | undefined;
  #sender: LinkSender | undefined;
  #directUnavailable: string | undefined;
  #unicastUnavailable: string | undefined;
  #closed: Promise<void> | undefined;
  /** A batch of answers is about to be sent. */
  #isSendDue = false;
  readonly #takeUnicast: Take = (bytes, source, sourcePort) => this.#pass(bytes, source, sourcePort, false);
  /** Datagrams that the system has not taken yet. */
  #sending = 0;
  #onAllSent: (() => void) | undefined;

  /**
   * Opens the sockets and starts to receive. Rejects with UsageError if the address cannot be listened on. What only
   * directly attached clients need may be missing: see directUnavailable and unicastUnavailable.
   */
  static async open(
    options: EndpointOptions,
    onDatagram: (datagram: ReceivedDatagram) => void,
    onError: (fault: NetFault) => void,
  ): Promise<Endpoint> {
    const place = findListenPlace(options);
    const libc = await loadLibc().catch((error: unknown) => messageOf(error));
    const plain = await openPlain(place.address, options.port, typeof libc === 'string' ? undefined : libc);
    const endpoint = new Endpoint(place, plain.socket, options.clientPort, onDatagram, onError);
    try {
      if (BATCHES && typeof libc !== 'string' && plain.fd !== undefined) {
        endpoint.#batch = new DatagramBatch(libc, plain.fd);
      }
      if (!place.interface.loopback) await endpoint.#openDirect(libc, place.interface.name);
    } catch (error) {
      await endpoint.close();
      throw error;
    }
    return endpoint;
  }

  private constructor(
    place: ListenPlace,
    socket: Socket,
    clientPort: number,
    onDatagram: (datagram: ReceivedDatagram) => void,
    onError: (fault: NetFault) => void,
  ) {
    this.address = place.address;
    this.port = socket.address().port;
    this.interface = place.interface.name;
    this.subnets = place.interface.addresses.map((own) => own.subnet);
    this.clientPort = clientPort;
    this.#onDatagram = onDatagram;
    this.#onError = onError;
    this.#socket = socket;
    this.#broadcasts = this.#listener(true);
    const listener = this.#listener(false);
    socket.on('message', (bytes, remote) => {
      listener.onMessage(bytes, remote);
      // Node brings the first of those that wait; the others are taken in together.
      this.#batch?.receive(this.#takeUnicast);
    });
    socket.on('error', listener.onError);
  }

  /** Datagrams that one turn of the event loop takes in at most; where it was as many, more may wait. */
  get turn(): number {
    return this.#batch ? TURN : LIBUV_TURN;
  }

  /** Why broadcasts of directly attached clients are not heard, so that only relayed clients are served. */
  get directUnavailable(): string | undefined {
    return this.#directUnavailable;
  }

  /** Why replies to clients without an address are broadcast instead of sent to each alone. */
  get unicastUnavailable(): string | undefined {
    return this.#unicastUnavailable;
  }

  /** Sends to an address that the kernel can route to: a relay, or a client that has its address. */
  sendTo(address: Ipv4, port: number, bytes: Buffer): void {
    if (this.#batch?.isFull) this.#sendBatch();
    if (!this.#batch?.add(address, port, bytes)) this.#send('send', address, port, bytes);
    else if (!this.#isSendDue) {
      this.#isSendDue = true;
      // All answers of one commit leave together.
      queueMicrotask(() => this.#sendBatch());
    }
  }

  #sendBatch(): void {
    this.#isSendDue = false;
    this.#batch?.send((address, port, bytes) => this.#send('send', address, port, bytes));
  }

  /** Sends to a client on the interface's own link: to it alone, by its hardware address, or to everyone there. */
  sendDirect(target: LinkTarget | 'broadcast', bytes: Buffer): void {
    if (!this.#sender) {
      // The kernel picks the interface of a limited broadcast by the address that the socket is bound to.
      this.#send('send-direct', LIMITED_BROADCAST, this.clientPort, bytes);
      return;
    }
    try {
      this.#sender.send(target, this.clientPort, bytes);
    } catch (error) {
      const destination = target === 'broadcast' ? LIMITED_BROADCAST : target.yiaddr;
      this.#onError({ operation: 'send-direct', code: codeOf(error), destination: formatIpv4(destination) });
    }
  }

  /** Stops receiving, lets what was received be answered, and frees the port. May be called again. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // Whoever took datagrams in to answer them all at once does so before this
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#sending > 0) {
      await new Promise<void>((resolve) => {
        this.#onAllSent = resolve;
      });
    }
    // Once the socket is closed its file descriptor may be another's.
    this.#batch = undefined;
    this.#sender?.close();
    this.#sender = undefined;
    await Promise.all([closed(this.#socket), this.#receiver?.leave(this.#broadcasts)]);
  }

  /** @param libc the C library, or why there is none */
  async #openDirect(libc: Libc | string, interfaceName: string): Promise<void> {
    if (typeof libc === 'string') {
      this.#directUnavailable = libc;
      return;
    }
    await this.#openReceiver(libc, interfaceName);
    if (this.#directUnavailable === undefined) this.#openSender(libc, interfaceName);
  }

  async #openReceiver(libc: Libc, interfaceName: string): Promise<void> {
    try {
      this.#receiver = await BroadcastReceiver.join(libc, interfaceName, this.port, this.#broadcasts);
    } catch (error) {
      if (codeOf(error) === 'EADDRINUSE') throw inUse(LIMITED_BROADCAST, this.port);
      this.#directUnavailable = missingCapability(error, 'to hear broadcasts');
    }
  }

  #openSender(libc: Libc, interfaceName: string): void {
    try {
      this.#sender = new LinkSender(libc, interfaceName, { source: this.address, sourcePort: this.port });
    } catch (error) {
      this.#unicastUnavailable = missingCapability(error, 'to reach clients without an address');
    }
  }

  #listener(viaBroadcast: boolean): BroadcastListener {
    return {
      onMessage: (bytes, remote) => this.#receive(bytes, remote, viaBroadcast),
      onError: (error) => this.#onError({ operation: 'receive', code: codeOf(error) }),
    };
  }

  #receive(bytes: Buffer, remote: RemoteInfo, viaBroadcast: boolean): void {
    this.#pass(bytes, parseIpv4(remote.address), remote.port, viaBroadcast);
  }

  #pass(bytes: Buffer, source: Ipv4, sourcePort: number, viaBroadcast: boolean): void {
    if (this.#closed) return;
    // A limited broadcast that this host sends comes back to its own sockets.
    const own = viaBroadcast && source === this.address && sourcePort === this.port;
    if (!own) this.#onDatagram({ bytes, source, sourcePort, viaBroadcast, endpoint: this });
  }

  #send(operation: NetFault['operation'], address: Ipv4, port: number, bytes: Buffer): void {
    const destination = formatIpv4(address);
    const done = (error: unknown) => {
      this.#sending -= 1;
      if (error) this.#onError({ operation, code: codeOf(error), destination });
      if (this.#sending === 0) this.#onAllSent?.();
    };
    this.#sending += 1;
    try {
      this.#socket.send(bytes, port, destination, done);
    } catch (error) {
      done(error);
    }
  }
}

function missingCapability(error: unknown, what: string): string {
  const code = codeOf(error);
  return code === 'EPERM' || code === 'EACCES' ? `CAP_NET_RAW is needed ${what}` : messageOf(error);
}

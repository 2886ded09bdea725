import type { RemoteInfo, Socket } from 'node:dgram';
import { messageOf } from '../base/errors.js';
import { BATCHES, DatagramBatch, type Receive, ROUND } from './batch.js';
import { type BroadcastListener, BroadcastReceiver, LIMITED_BROADCAST } from './broadcast.js';
import { findListenAddress, type ListenAddress } from './interfaces.js';
import { formatIpv4, type Ipv4, parseIpv4, type Subnet } from './ipv4.js';
import { type Libc, loadLibc } from './libc.js';
import { LinkSender, type LinkTarget } from './link.js';
import { closed, codeOf, inUse, openPlain } from './socket.js';

/** Most datagrams that libuv reads from one socket in one turn of the event loop. */
const LIBUV_ROUND = 32;

export interface ReceivedDatagram {
  bytes: Buffer;
  source: Ipv4;
  sourcePort: number;
  /** It was sent to 255.255.255.255 and received on this endpoint's interface. */
  viaBroadcast: boolean;
  endpoint: Endpoint;
}

export interface EndpointOptions {
  address?: Ipv4;
  /** Without `address` it means the interface's first address. */
  interface?: string;
  /** UDP port to listen on; 0 lets the system choose. */
  port: number;
  /** UDP port of directly attached clients. */
  clientPort: number;
}

/** A datagram could not be sent, or a socket failed. The endpoint goes on. No Error, because it is expected now and then. */
export interface NetFault {
  operation: 'send' | 'send-direct' | 'receive';
  /** Name of the system's error: EHOSTUNREACH, ENETUNREACH, EMSGSIZE, ENOBUFS ... */
  code: string;
  /** Destination of the datagram, dotted decimal. */
  destination?: string;
}

/**
 * One address that the server listens on, with three sockets: a plain one for relays and for clients that have their address; one that
 * receives the broadcasts of that interface only; one that sends replies onto its link to clients without an address (RFC 2131 section
 * 4.1). The last two need Linux and CAP_NET_RAW.
 */
export class Endpoint {
  readonly address: Ipv4;
  /** The port it listens on; the system's choice if 0 was given. */
  readonly port: number;
  readonly interface: string | undefined;
  /** The networks of the interface's addresses: clients of these may be attached directly. */
  readonly subnets: Subnet[];
  /** UDP port of directly attached clients; may change while the endpoint is open. */
  clientPort: number;
  readonly #onDatagram: (datagram: ReceivedDatagram) => void;
  readonly #onError: (fault: NetFault) => void;
  readonly #socket: Socket;
  /** Reads and sends many datagrams at a time; undefined where the system cannot. */
  #batch: DatagramBatch | undefined;
  readonly #broadcasts: BroadcastListener;
  #receiver: BroadcastReceiver | undefined;
  #sender: LinkSender | undefined;
  #directUnavailable: string | undefined;
  #unicastUnavailable: string | undefined;
  #closed: Promise<void> | undefined;
  /** True if a batch of replies is about to be sent. */
  #isSendDue = false;
  readonly #onUnicast: Receive = (bytes, source, sourcePort) => this.#pass(bytes, source, sourcePort, false);
  /** Number of datagrams that the system has not accepted yet. */
  #sending = 0;
  #onAllSent: (() => void) | undefined;

  /**
   * Opens the sockets and starts to receive. Sockets that only directly attached clients need may be missing: see directUnavailable and
   * unicastUnavailable.
   * @throws UsageError if it cannot listen on the address
   */
  static async open(
    options: EndpointOptions,
    onDatagram: (datagram: ReceivedDatagram) => void,
    onError: (fault: NetFault) => void,
  ): Promise<Endpoint> {
    const found = findListenAddress(options);
    const loaded = await tryLoadLibc();
    const libc = loaded.kind === 'loaded' ? loaded.libc : undefined;
    const plain = await openPlain(found.address, options.port, libc);
    const endpoint = new Endpoint(found, plain.socket, options.clientPort, onDatagram, onError);
    try {
      if (BATCHES && libc && plain.fd !== undefined) {
        endpoint.#batch = new DatagramBatch(libc, plain.fd);
      }
      if (!found.interface.loopback) await endpoint.#openDirect(loaded, found.interface.name);
    } catch (error) {
      await endpoint.close();
      throw error;
    }
    return endpoint;
  }

  private constructor(
    found: ListenAddress,
    socket: Socket,
    clientPort: number,
    onDatagram: (datagram: ReceivedDatagram) => void,
    onError: (fault: NetFault) => void,
  ) {
    this.address = found.address;
    this.port = socket.address().port;
    this.interface = found.interface.name;
    this.subnets = found.interface.addresses.map((own) => own.subnet);
    this.clientPort = clientPort;
    this.#onDatagram = onDatagram;
    this.#onError = onError;
    this.#socket = socket;
    this.#broadcasts = this.#listener(true);
    const listener = this.#listener(false);
    socket.on('message', (bytes, remote) => {
      listener.onMessage(bytes, remote);
      // Node reads the first of the datagrams that wait; the batch reads the others
      this.#batch?.receive(this.#onUnicast);
    });
    socket.on('error', listener.onError);
  }

  /** Most datagrams that the plain socket reads in one turn of the event loop. If it read as many, more may wait. */
  get roundLimit(): number {
    return this.#batch ? ROUND : LIBUV_ROUND;
  }

  /** Why broadcasts are not received, so that only relayed clients are served; undefined if they are. */
  get directUnavailable(): string | undefined {
    return this.#directUnavailable;
  }

  /** Why replies to clients without an address are broadcast; undefined if each is sent to its client. */
  get unicastUnavailable(): string | undefined {
    return this.#unicastUnavailable;
  }

  /** Sends to an address that the kernel can route to: a relay, or a client that has its address. Errors are reported to `onError`. */
  sendTo(address: Ipv4, port: number, bytes: Buffer): void {
    if (this.#batch?.isFull) this.#sendBatch();
    if (!this.#batch?.add(address, port, bytes)) this.#send('send', address, port, bytes);
    else if (!this.#isSendDue) {
      this.#isSendDue = true;
      // All replies of one commit leave together
      queueMicrotask(() => this.#sendBatch());
    }
  }

  #sendBatch(): void {
    this.#isSendDue = false;
    this.#batch?.send((address, port, bytes) => this.#send('send', address, port, bytes));
  }

  /** Sends to one client on the interface's own link, by its hardware address, or to all of them. */
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

  /** Stops receiving, waits until replies are sent, and frees the port. May be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // A batch that is due runs before this
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#sending > 0) {
      await new Promise<void>((resolve) => {
        this.#onAllSent = resolve;
      });
    }
    // After the socket is closed another file may get its descriptor
    this.#batch = undefined;
    this.#sender?.close();
    this.#sender = undefined;
    await Promise.all([closed(this.#socket), this.#receiver?.leave(this.#broadcasts)]);
  }

  async #openDirect(loaded: LoadedLibc, interfaceName: string): Promise<void> {
    if (loaded.kind === 'missing') {
      this.#directUnavailable = loaded.reason;
      return;
    }
    await this.#openReceiver(loaded.libc, interfaceName);
    if (this.#directUnavailable === undefined) this.#openSender(loaded.libc, interfaceName);
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
    // A limited broadcast of this host comes back to its own sockets
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

type LoadedLibc =
  | { readonly kind: 'loaded'; readonly libc: Libc }
  | { readonly kind: 'missing'; readonly reason: string };

async function tryLoadLibc(): Promise<LoadedLibc> {
  try {
    return { kind: 'loaded', libc: await loadLibc() };
  } catch (error) {
    return { kind: 'missing', reason: messageOf(error) };
  }
}

function missingCapability(error: unknown, what: string): string {
  const code = codeOf(error);
  return code === 'EPERM' || code === 'EACCES' ? `CAP_NET_RAW is needed ${what}` : messageOf(error);
}

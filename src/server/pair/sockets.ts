import { connect, createServer, type Server, type Socket } from 'node:net';
import { messageOf, UsageError } from '../../base/errors.js';
import { formatIpv4, type Ipv4 } from '../../net/ipv4.js';
import type { Logger } from '../../operate/log/logger.js';
import type { Input, LinkId, Output } from '../failover/api.js';
import type { RelationshipSettings } from '../settings.js';

/** A partner that does not accept a connection within this time counts as unreachable. */
const DIAL_MS = 5000;
/** A closing connection may take so long to send what waits; then it is cut. */
const LINGER_MS = 1000;
/** Connections that one partner may have at once: one in use, the others about to be refused. */
const MAX_LINKS = 8;
/** Octets that may wait for the next batch; beyond, no more are read. */
const MAX_WAITING = 64 * 1024;
/** Octets that may wait for a partner that does not read; in normal use both sides wait for answers long before. */
const MAX_UNSENT = 1024 * 1024;

/** Receives what happens on the connections of a relationship. */
export type LinkSink = (relationship: string, input: Input) => void;

interface Link {
  readonly id: LinkId;
  readonly relationship: RelationshipSettings;
  readonly socket: Socket;
  /** Octets that were handed over and wait for their batch. */
  waiting: number;
}

/**
 * The TCP connections with the partners: listens, connects, and passes octets on in both directions. The endpoints decide which
 * connection counts and what the octets mean.
 */
export class FailoverSockets {
  readonly #sink: LinkSink;
  readonly #logger: Logger;
  readonly #servers: Server[] = [];
  readonly #links = new Map<LinkId, Link>();
  readonly #dials = new Set<Socket>();
  /** Why the last attempt to connect failed, by relationship. */
  readonly #faults = new Map<string, { readonly code: string; readonly error: string }>();
  #lastLink: LinkId = 0;

  constructor(sink: LinkSink, logger: Logger) {
    this.#sink = sink;
    this.#logger = logger;
  }

  /**
   * Listens for the partners of these relationships.
   * @throws UsageError if an address or port cannot be bound; nothing is left open then
   */
  async open(relationships: readonly RelationshipSettings[]): Promise<void> {
    const byAddress = new Map<string, RelationshipSettings[]>();
    for (const one of relationships) {
      const key = `${formatIpv4(one.address)}:${one.port}`;
      byAddress.set(key, [...(byAddress.get(key) ?? []), one]);
    }
    try {
      for (const sharing of byAddress.values()) this.#servers.push(await this.#listen(sharing));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Carries out an output of an endpoint. */
  perform(relationship: RelationshipSettings, output: Exclude<Output, { type: 'log' }>): void {
    const link = output.type === 'dial' ? undefined : this.#links.get(output.link);
    if (output.type === 'dial') this.#dial(relationship);
    else if (link && output.type === 'send') this.#send(link, output.bytes);
    else if (link) this.#end(link);
  }

  /** Why the last attempt to connect to the partner failed; undefined once a connection stands. */
  faultOf(relationship: string): string | undefined {
    return this.#faults.get(relationship)?.error;
  }

  /** So many octets of the link were handled: more may be read. */
  handled(id: LinkId, octets: number): void {
    const link = this.#links.get(id);
    if (!link) return;
    link.waiting -= octets;
    this.#regulate(link);
  }

  /** Closes everything; what waits to be sent still leaves. */
  async close(): Promise<void> {
    for (const socket of this.#dials) socket.destroy();
    for (const link of this.#links.values()) this.#end(link);
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    this.#servers.length = 0;
    await Promise.all(closed);
  }

  async #listen(relationships: readonly RelationshipSettings[]): Promise<Server> {
    const [{ address, port }] = relationships as [RelationshipSettings];
    const host = formatIpv4(address);
    const server = createServer((socket) => this.#accept(socket, relationships));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(
          new UsageError(`Cannot listen for the failover partner on ${host}:${port}: ${messageOf(error)}`, {
            hint: 'check address and port in server.failover; ports below 1024 need root or CAP_NET_BIND_SERVICE',
            cause: error,
          }),
        ),
      );
      server.listen({ host, port }, resolve);
    });
    server.on('error', (error) => this.#logger.limited('failover-socket-fault', { place: `${host}:${port}`, error }));
    return server;
  }

  /** Only the partner may connect, and only a few times at once; nobody else gets an octet. */
  #accept(socket: Socket, relationships: readonly RelationshipSettings[]): void {
    const { remoteAddress: source, localPort: port } = socket;
    const relationship = relationships.find(({ peerAddress }) => formatIpv4(peerAddress) === source);
    if (!relationship) {
      this.#logger.limited('failover-stranger', { source, port });
      return void socket.destroy();
    }
    if (this.#linksOf(relationship.peerAddress) >= MAX_LINKS) {
      this.#logger.limited('failover-too-many-connections', { name: relationship.name, count: MAX_LINKS });
      return void socket.destroy();
    }
    this.#take(socket, relationship);
  }

  #dial(relationship: RelationshipSettings): void {
    const { address, peerAddress, peerPort } = relationship;
    const socket = connect({ host: formatIpv4(peerAddress), port: peerPort, localAddress: formatIpv4(address) });
    this.#dials.add(socket);
    const timer = setTimeout(() => socket.destroy(new Error(`no answer in ${DIAL_MS / 1000} s`)), DIAL_MS);
    const failed = () => this.#sink(relationship.name, { type: 'dial-failed' });
    // `close` follows
    socket.on('error', (error) => this.#noteFault(relationship, error));
    socket.once('close', failed);
    socket.once('connect', () => {
      socket.off('close', failed);
      socket.removeAllListeners('error');
      this.#take(socket, relationship);
    });
    for (const event of ['connect', 'close']) {
      socket.once(event, () => {
        clearTimeout(timer);
        this.#dials.delete(socket);
      });
    }
  }

  /** A partner that is down for hours is logged once. Compared by code: the text may contain the local port, which changes. */
  #noteFault({ name, peerAddress, peerPort }: RelationshipSettings, fault: NodeJS.ErrnoException): void {
    const error = messageOf(fault);
    const code = fault.code ?? error;
    const isLogged = this.#faults.get(name)?.code === code;
    this.#faults.set(name, { code, error });
    if (isLogged) return;
    this.#logger.limited('failover-unreachable', { name, place: `${formatIpv4(peerAddress)}:${peerPort}`, error });
  }

  #take(socket: Socket, relationship: RelationshipSettings): void {
    const { name } = relationship;
    this.#faults.delete(name);
    const link: Link = { id: ++this.#lastLink, relationship, socket, waiting: 0 };
    this.#links.set(link.id, link);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      link.waiting += bytes.length;
      this.#regulate(link);
      this.#sink(name, { type: 'received', link: link.id, bytes });
    });
    socket.on('close', () => {
      this.#links.delete(link.id);
      this.#sink(name, { type: 'closed', link: link.id });
    });
    this.#sink(name, { type: 'opened', link: link.id });
  }

  /** A partner that sends faster than batches handle it must wait: its octets stay in the TCP buffers. */
  #regulate({ socket, waiting }: Link): void {
    if (waiting > MAX_WAITING) socket.pause();
    else if (socket.isPaused()) socket.resume();
  }

  #send({ socket, relationship }: Link, bytes: Buffer): void {
    if (socket.destroyed) return;
    socket.write(bytes);
    if (socket.writableLength <= MAX_UNSENT) return;
    this.#logger.limited('failover-partner-reads-nothing', { name: relationship.name, octets: MAX_UNSENT });
    socket.destroy();
  }

  #end({ socket }: Link): void {
    socket.end();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }

  #linksOf(peer: Ipv4): number {
    let count = 0;
    for (const { relationship } of this.#links.values()) if (relationship.peerAddress === peer) count += 1;
    return count;
  }
}

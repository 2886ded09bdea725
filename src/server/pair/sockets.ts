import { connect, createServer, type Server, type Socket } from 'node:net';
import { messageOf, UsageError } from '../../base/errors.js';
import { formatIpv4, type Ipv4 } from '../../net/ipv4.js';
import type { Logger } from '../../operate/log/logger.js';
import type { Input, LinkId, Output } from '../failover/api.js';
import type { RelationshipSettings } from '../settings.js';

/** A partner that has not answered a dial by then is not there. */
const DIAL_MS = 5000;
/** How long what was sent may take to leave before a connection that is closed is cut. */
const LINGER_MS = 1000;
/** Connections that one partner may have at once: one, and those that are refused for that reason. */
const MAX_LINKS = 8;
/** Octets that may wait to be worked off before no more are read. */
const MAX_UNREAD = 64 * 1024;
/** Octets that may wait for a partner that does not read them; both sides wait for answers long before. */
const MAX_UNSENT = 1024 * 1024;

/** Takes what happens on the connections of a relationship. */
export type LinkSink = (relationship: string, input: Input) => void;

interface Link {
  readonly id: LinkId;
  readonly relationship: RelationshipSettings;
  readonly socket: Socket;
  /** Octets that were handed over and are not worked off yet. */
  unread: number;
}

/**
 * The TCP connections with the partners: listens for them, dials them, and passes octets on in both directions. Which connection counts and what the
 * octets mean is not known here.
 */
export class FailoverSockets {
  readonly #sink: LinkSink;
  readonly #logger: Logger;
  readonly #servers: Server[] = [];
  readonly #links = new Map<LinkId, Link>();
  readonly #dials = new Set<Socket>();
  /** Why the last dial of a relationship failed. */
  readonly #faults = new Map<string, { readonly code: string; readonly error: string }>();
  #lastLink: LinkId = 0;

  constructor(sink: LinkSink, logger: Logger) {
    this.#sink = sink;
    this.#logger = logger;
  }

  /**
   * Listens for the partners of these relationships.
   * @throws UsageError if an address or port cannot be had; nothing is left open then
   */
  async open(relationships: readonly RelationshipSettings[]): Promise<void> {
    const places = new Map<string, RelationshipSettings[]>();
    for (const one of relationships) {
      const key = `${formatIpv4(one.address)}:${one.port}`;
      places.set(key, [...(places.get(key) ?? []), one]);
    }
    try {
      for (const sharing of places.values()) this.#servers.push(await this.#listen(sharing));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Does what an endpoint wants done. */
  perform(relationship: RelationshipSettings, output: Exclude<Output, { type: 'log' }>): void {
    const link = output.type === 'dial' ? undefined : this.#links.get(output.link);
    if (output.type === 'dial') this.#dial(relationship);
    else if (link && output.type === 'send') this.#send(link, output.bytes);
    else if (link) this.#end(link);
  }

  /** Why the last attempt to dial the partner failed, undefined if a connection came to be since. */
  faultOf(relationship: string): string | undefined {
    return this.#faults.get(relationship)?.error;
  }

  /** What was received on the link up to now is worked off. */
  workedOff(id: LinkId, octets: number): void {
    const link = this.#links.get(id);
    if (!link) return;
    link.unread -= octets;
    this.#regulate(link);
  }

  /** Closes all that is open; what was sent still leaves. */
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

  /** Only the partner may connect, and only so often at once; nobody else gets an octet. */
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
    const place = { host: formatIpv4(peerAddress), port: peerPort, localAddress: formatIpv4(address) };
    const socket = connect(place);
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

  /** A partner that is down for hours is told once. The text may have the local port in it, which is another one each time. */
  #noteFault({ name, peerAddress, peerPort }: RelationshipSettings, fault: NodeJS.ErrnoException): void {
    const error = messageOf(fault);
    const code = fault.code ?? error;
    const isTold = this.#faults.get(name)?.code === code;
    this.#faults.set(name, { code, error });
    if (isTold) return;
    this.#logger.limited('failover-unreachable', { name, place: `${formatIpv4(peerAddress)}:${peerPort}`, error });
  }

  #take(socket: Socket, relationship: RelationshipSettings): void {
    const { name } = relationship;
    this.#faults.delete(name);
    const link: Link = { id: ++this.#lastLink, relationship, socket, unread: 0 };
    this.#links.set(link.id, link);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      link.unread += bytes.length;
      this.#regulate(link);
      this.#sink(name, { type: 'received', link: link.id, bytes });
    });
    socket.on('close', () => {
      this.#links.delete(link.id);
      this.#sink(name, { type: 'closed', link: link.id });
    });
    this.#sink(name, { type: 'opened', link: link.id });
  }

  /** What a partner sends faster than it is worked off waits in its own buffers. */
  #regulate({ socket, unread }: Link): void {
    if (unread > MAX_UNREAD) socket.pause();
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

import { UsageError } from '../../base/errors.js';
import { findListenAddress } from '../../net/interfaces.js';
import { formatIpv4 } from '../../net/ipv4.js';
import { Endpoint, type ReceivedDatagram } from '../../net/udp.js';
import type { Logger } from '../../operate/log/logger.js';
import type { Counters } from '../pipeline/counters.js';
import type { ListenSettings } from '../settings.js';

/** Datagrams kept between the opening of a socket and its use. Clients repeat the others. */
const EARLY = 1024;

interface Listener {
  readonly endpoint: Endpoint;
  readonly listen: ListenSettings;
}

/**
 * The endpoints of the `listen` entries. A reload replaces them in two steps: {@link open} may fail and changes nothing, {@link use}
 * cannot fail.
 */
export class Listeners {
  readonly #receive: (datagram: ReceivedDatagram, listen: ListenSettings) => void;
  readonly #counters: Counters;
  readonly #logger: Logger;
  /** In use, by address and port. */
  #used = new Map<string, Listener>();
  /** Those that {@link use} puts in their place, the ones that stay included. */
  #next = new Map<string, Listener>();
  /** Datagrams from sockets that are open but not yet in use. */
  #early: { readonly datagram: ReceivedDatagram; readonly key: string }[] = [];

  constructor(
    receive: (datagram: ReceivedDatagram, listen: ListenSettings) => void,
    counters: Counters,
    logger: Logger,
  ) {
    this.#receive = receive;
    this.#counters = counters;
    this.#logger = logger;
  }

  /**
   * Opens the new entries and buffers what they receive until {@link use}. If one cannot be opened, nothing changes.
   * @throws UsageError
   */
  async open(wanted: readonly ListenSettings[]): Promise<void> {
    this.#next = new Map();
    try {
      for (const listen of wanted) {
        const key = keyOf(listen);
        if (this.#next.has(key)) {
          throw new UsageError(`server.listen means ${key} twice`, { hint: 'remove one of the two entries' });
        }
        const endpoint = this.#used.get(key)?.endpoint ?? (await this.#openOne(listen, key));
        this.#next.set(key, { endpoint, listen });
      }
    } catch (error) {
      await this.#closeUnused();
      throw error;
    }
  }

  /** Puts the opened endpoints in use at once. Resolves when those that are no longer listed are closed. */
  async use(): Promise<void> {
    const gone = [...this.#used].filter(([key]) => !this.#next.has(key));
    this.#used = this.#next;
    for (const { endpoint, listen } of this.#used.values()) endpoint.clientPort = listen.clientPort;
    const early = this.#early;
    this.#early = [];
    for (const { datagram, key } of early) this.#dispatch(datagram, key);
    await Promise.all(gone.map(([, { endpoint }]) => endpoint.close()));
  }

  /** Closes all endpoints, in use or not. */
  async close(): Promise<void> {
    await this.#closeUnused();
    await this.use();
  }

  /** `198.18.0.1:67 (eth1), ...`. */
  describe(): string {
    return [...this.#used.values()]
      .map(
        ({ endpoint }) => `${formatIpv4(endpoint.address)}:${endpoint.port} (${endpoint.interface ?? 'no interface'})`,
      )
      .join(', ');
  }

  async #openOne(listen: ListenSettings, key: string): Promise<Endpoint> {
    const endpoint = await Endpoint.open(
      listen,
      (datagram) => this.#dispatch(datagram, key),
      (fault) => {
        this.#counters.count('send-errors');
        this.#logger.limited('net-fault', { ...fault });
      },
    );
    const where = { address: formatIpv4(endpoint.address), interface: endpoint.interface };
    if (endpoint.directUnavailable)
      this.#logger.log('direct-clients-unavailable', { ...where, reason: endpoint.directUnavailable });
    if (endpoint.unicastUnavailable)
      this.#logger.log('link-replies-unavailable', { ...where, reason: endpoint.unicastUnavailable });
    return endpoint;
  }

  /** Looks the entry up by its key: a reload may have changed it (snooping). */
  #dispatch(datagram: ReceivedDatagram, key: string): void {
    const used = this.#used.get(key);
    if (used) this.#receive(datagram, used.listen);
    else if (this.#early.length < EARLY) this.#early.push({ datagram, key });
  }

  async #closeUnused(): Promise<void> {
    const unused = [...this.#next].filter(([key]) => !this.#used.has(key));
    this.#next = new Map();
    this.#early = [];
    await Promise.all(unused.map(([, { endpoint }]) => endpoint.close()));
  }
}

/** `address:port`, also for an entry that names an interface. */
function keyOf(listen: ListenSettings): string {
  return `${findListenAddress(listen).address}:${listen.port}`;
}

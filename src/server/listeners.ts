import type { ListenConfig } from '../config/types.js';
import type { Logger } from '../log/logger.js';
import { findListenPlace } from '../net/interfaces.js';
import { formatIpv4 } from '../net/ipv4.js';
import { Endpoint, type ReceivedDatagram } from '../net/udp.js';
import type { Counters } from './counters.js';

/** The open endpoints, one for each `listen` entry. */
export class Listeners {
  readonly #receive: (datagram: ReceivedDatagram, listen: ListenConfig) => void;
  readonly #counters: Counters;
  readonly #logger: Logger;
  #open = new Map<string, { endpoint: Endpoint; listen: ListenConfig }>();

  constructor(receive: (datagram: ReceivedDatagram, listen: ListenConfig) => void, counters: Counters, logger: Logger) {
    this.#receive = receive;
    this.#counters = counters;
    this.#logger = logger;
  }

  /**
   * Opens what is new, then closes what is no longer wanted. If one cannot be opened, all is as before.
   * @throws UsageError
   */
  async open(wanted: readonly ListenConfig[]): Promise<void> {
    const next = new Map<string, { endpoint: Endpoint; listen: ListenConfig }>();
    const opened: Endpoint[] = [];
    try {
      for (const listen of wanted) {
        const key = keyOf(listen);
        const open = this.#open.get(key);
        // The same address and port cannot be opened twice, so one that changes otherwise is closed first
        if (open && open.listen.clientPort !== listen.clientPort) await open.endpoint.close();
        const isSame = open?.listen.clientPort === listen.clientPort;
        const endpoint = isSame ? open.endpoint : await this.#openOne(listen, key);
        if (!isSame) opened.push(endpoint);
        next.set(key, { endpoint, listen });
      }
    } catch (error) {
      await Promise.all(opened.map((endpoint) => endpoint.close()));
      throw error;
    }
    const gone = [...this.#open].filter(([key]) => !next.has(key));
    this.#open = next;
    await Promise.all(gone.map(([, { endpoint }]) => endpoint.close()));
  }

  async close(): Promise<void> {
    await this.open([]);
  }

  /** `198.18.0.1:67 (eth1), ...`. */
  describe(): string {
    return [...this.#open.values()]
      .map(
        ({ endpoint }) => `${formatIpv4(endpoint.address)}:${endpoint.port} (${endpoint.interface ?? 'no interface'})`,
      )
      .join(', ');
  }

  async #openOne(listen: ListenConfig, key: string): Promise<Endpoint> {
    const endpoint = await Endpoint.open(
      listen,
      // The entry may have changed at a reload (snooping), its key has not
      (datagram) => this.#receive(datagram, this.#open.get(key)?.listen ?? listen),
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
}

/** Address and port, however the entry names them. */
function keyOf(listen: ListenConfig): string {
  return `${findListenPlace(listen).address}:${listen.port}`;
}

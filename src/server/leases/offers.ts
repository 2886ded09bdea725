import type { Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';
import { PortCounts } from './port-counts.js';

interface Offer {
  client: string;
  address: Ipv4;
  until: Micros;
  /** The port that it is counted on. */
  port: string | null;
}

/**
 * Addresses that were offered and not yet requested. Only in memory: after a restart the client asks again, or its request
 * finds the address still free. All offers last for the same time, so the oldest is always the first of the map.
 */
export class Offers {
  readonly #byClient = new Map<string, Offer>();
  readonly #byAddress = new Map<Ipv4, Offer>();
  readonly #ports = new PortCounts();

  /** The address offered to this client (a key that includes the network), if the offer still stands. */
  addressFor(client: string): Ipv4 | undefined {
    return this.#byClient.get(client)?.address;
  }

  /** The client that this address is offered to, as a key that includes the network. */
  clientOf(address: Ipv4): string | undefined {
    return this.#byAddress.get(address)?.client;
  }

  /** Number of offers on a port to clients other than this one. */
  onPort(port: string, except: string): number {
    return this.#ports.on(port) - Number(this.#byClient.get(except)?.port === port);
  }

  /** Offers the address to the client until `until`. Returns the address that it was offered before, if that was another. */
  add(client: string, address: Ipv4, until: Micros, port: string | null = null): Ipv4 | undefined {
    const before = this.drop(client);
    const offer = { client, address, until, port };
    this.#ports.add(port);
    this.#byClient.set(client, offer);
    this.#byAddress.set(address, offer);
    return before === address ? undefined : before;
  }

  /** Ends the client's offer. Returns its address. */
  drop(client: string): Ipv4 | undefined {
    const offer = this.#byClient.get(client);
    if (!offer) return undefined;
    this.#byClient.delete(client);
    this.#byAddress.delete(offer.address);
    this.#ports.remove(offer.port);
    return offer.address;
  }

  /** Ends all offers whose time is over. Returns their addresses. */
  expire(now: Micros): Ipv4[] {
    const ended: Ipv4[] = [];
    for (const offer of this.#byClient.values()) {
      if (offer.until > now) break;
      this.drop(offer.client);
      ended.push(offer.address);
    }
    return ended;
  }

  /** Every offered address. */
  addresses(): IterableIterator<Ipv4> {
    return this.#byAddress.keys();
  }

  get size(): number {
    return this.#byClient.size;
  }
}

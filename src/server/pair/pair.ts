import type { Ipv4 } from '../../net/ipv4.js';
import type { FailoverApi, FailoverStatus, Grant, Moment, Refusal, Silence, Withholding } from '../failover/api.js';
import type { Seconds } from '../failover/binding.js';
import type { Client, Lease } from '../leases/lease.js';
import type { PoolSharing } from '../leases/pool.js';
import type { RelationshipSettings } from '../settings.js';
import type { Requester } from '../v4/requester.js';

/** The addresses that both servers of a pair use for failover. */
export type FailoverAddresses = Pick<RelationshipSettings, 'address' | 'peerAddress'>;

/** A relationship as request handlers see it, at the time of their batch. */
export class Pair {
  readonly #endpoint: FailoverApi;
  readonly #addresses: FailoverAddresses;
  #moment: Moment;

  constructor(endpoint: FailoverApi, moment: Moment, addresses: FailoverAddresses) {
    this.#endpoint = endpoint;
    this.#addresses = addresses;
    this.#moment = moment;
  }

  /** The time of the batch that begins. */
  set moment(moment: Moment) {
    this.#moment = moment;
  }

  /** Name of the relationship. */
  get name(): string {
    return this.#endpoint.name;
  }

  covers(address: Ipv4): boolean {
    return this.#endpoint.covers(address);
  }

  /** Why no client is answered now; undefined if clients are answered. */
  silence(): Silence | undefined {
    return this.#endpoint.silence();
  }

  /** Why no new client gets an address now; undefined if new clients do. */
  withholds(): Withholding | undefined {
    return this.#endpoint.withholds(this.#moment);
  }

  /** Why this server leaves the DISCOVER to its partner (RFC 3074); undefined if this server answers it. */
  leavesDiscover({ client, message }: Requester): Refusal | undefined {
    return this.#endpoint.silence() ?? this.#endpoint.refusalOfDiscover(client.clientId ?? client.hwaddr, message.secs);
  }

  /** Why this server does not answer a request for this address; undefined if it may. */
  leavesRequest(address: Ipv4, client: Client): Refusal | undefined {
    return this.#endpoint.silence() ?? this.#endpoint.refusalToServe(address, client, this.#moment);
  }

  /**
   * True if a server identifier that is not this server's may be the partner's. It is unknown if the request came to another address than
   * the one used for failover: then the partner, too, has other addresses for clients.
   */
  isPartner(serverId: Ipv4, heardOn: Ipv4): boolean {
    const { address, peerAddress } = this.#addresses;
    return serverId === peerAddress || heardOn !== address;
  }

  /** Lease time that the client may get, in seconds. `desired`: what a server without a partner would give. */
  leaseSeconds(address: Ipv4, client: Client, desired: number): number {
    return this.#endpoint.leaseSeconds(address, client, desired, this.#moment);
  }

  /** True if this server was the last to grant the address: it records the end of the lease. */
  isOwn(address: Ipv4): boolean {
    return this.#endpoint.binding(address).own;
  }

  /** True if the last lease of the address may still be in use: it is over once both servers have agreed on it. */
  mayGoOn(address: Ipv4): boolean {
    const { status, pending } = this.#endpoint.binding(address);
    return status === 'ACTIVE' || (status === 'EXPIRED' && pending);
  }

  granted(lease: Lease, seconds: number, desired: number): void {
    const { address, htype, hwaddr, clientId, hostname, port } = lease;
    const grant: Grant = { address, htype, hwaddr, clientId, hostname, port, seconds, desired };
    this.#endpoint.granted(grant, this.#moment);
  }

  released(address: Ipv4): void {
    this.#endpoint.released(address, this.#moment);
  }

  /** @param rest microseconds for which no client gets the address */
  declined(address: Ipv4, rest: number): void {
    const until: Seconds = Math.ceil((this.#moment.wall + rest) / 1e6);
    this.#endpoint.declined(address, until, this.#moment);
  }

  revoked(address: Ipv4): void {
    this.#endpoint.revoked(address, this.#moment);
  }

  /** The sharing of one pool of the relationship; `index`: its number in the settings, from 0. */
  sharing(index: number): PoolSharing {
    const endpoint = this.#endpoint;
    const isSilent = () => endpoint.silence() !== undefined;
    return {
      mayGive: (address) => !isSilent() && endpoint.mayAllocate(address, null, this.#moment),
      pick: () => (isSilent() ? undefined : endpoint.pick(index, this.#moment)),
      offered: (address) => endpoint.offered(address),
      offerEnded: (address) => endpoint.offerEnded(address),
      partnersFree: () => partnersFree(endpoint.status(), index),
    };
  }
}

function partnersFree({ role, state, pools }: FailoverStatus, index: number): number {
  if (state !== 'NORMAL' && state !== 'COMMUNICATIONS-INTERRUPTED') return 0;
  const pool = pools[index]!;
  return role === 'primary' ? pool.backup : pool.free;
}

import type { Ipv4 } from '../../net/ipv4.js';
import type { FailoverApi, FailoverStatus, Grant, Moment, Refusal, Silence, Withholding } from '../failover/api.js';
import type { Seconds } from '../failover/binding.js';
import type { Client, Lease } from '../leases/lease.js';
import type { PoolSharing } from '../leases/pool.js';
import type { RelationshipSettings } from '../settings.js';
import type { Requester } from '../v4/requester.js';

/** Where both servers speak to one another. */
export type FailoverPlaces = Pick<RelationshipSettings, 'address' | 'peerAddress'>;

/** A relationship as those who answer requests see it, at the moment of their batch. */
export class Pair {
  readonly #endpoint: FailoverApi;
  readonly #places: FailoverPlaces;
  #moment: Moment;

  constructor(endpoint: FailoverApi, moment: Moment, places: FailoverPlaces) {
    this.#endpoint = endpoint;
    this.#places = places;
    this.#moment = moment;
  }

  /** The time of the batch that begins. */
  set moment(moment: Moment) {
    this.#moment = moment;
  }

  /** Of the relationship. */
  get name(): string {
    return this.#endpoint.name;
  }

  covers(address: Ipv4): boolean {
    return this.#endpoint.covers(address);
  }

  /** Why nobody is answered now, undefined if clients are. */
  silence(): Silence | undefined {
    return this.#endpoint.silence();
  }

  /** Why no new client is given an address now, undefined if they are. */
  withholds(): Withholding | undefined {
    return this.#endpoint.withholds(this.#moment);
  }

  /** Why the partner, and not this server, answers this DISCOVER (RFC 3074); undefined if it is this one's. */
  leavesDiscover({ client, message }: Requester): Refusal | undefined {
    return this.#endpoint.silence() ?? this.#endpoint.answersDiscover(client.clientId ?? client.hwaddr, message.secs);
  }

  /** Why this server leaves a request for this address unanswered; undefined if it may be the one to answer. */
  leavesRequest(address: Ipv4, client: Client): Refusal | undefined {
    return this.#endpoint.silence() ?? this.#endpoint.mayServe(address, client, this.#moment);
  }

  /**
   * True if a server identifier that is not this server's may be the partner's. Where this server speaks to its partner from another address
   * than the one that heard the request, the partner does so as well, and nothing says what clients know it by.
   */
  isPartner(serverId: Ipv4, heardOn: Ipv4): boolean {
    const { address, peerAddress } = this.#places;
    return serverId === peerAddress || heardOn !== address;
  }

  /** What the client may get of the seconds that it would get from a server alone. */
  leaseSeconds(address: Ipv4, client: Client, desired: number): number {
    return this.#endpoint.leaseSeconds(address, client, desired, this.#moment);
  }

  /** True if this server was the last to grant the address: it records the end of that. */
  isOwn(address: Ipv4): boolean {
    return this.#endpoint.binding(address).own;
  }

  /** True if the last lease of the address may not be over: it is once both servers have agreed on that. */
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

  /** @param rest microseconds in which the address is given to nobody */
  declined(address: Ipv4, rest: number): void {
    const until: Seconds = Math.ceil((this.#moment.wall + rest) / 1e6);
    this.#endpoint.declined(address, until, this.#moment);
  }

  revoked(address: Ipv4): void {
    this.#endpoint.revoked(address, this.#moment);
  }

  /** What a pool of the relationship asks; `index` is its place in the settings. */
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

import type { EventDraft } from '../../../../src/ledger/event/event.js';
import { formatIpv4, type Ipv4, parseIpv4 } from '../../../../src/net/ipv4.js';
import type { Endpoint } from '../../../../src/net/udp.js';
import type { FailoverApi, Moment } from '../../../../src/server/failover/api.js';
import type { Lease } from '../../../../src/server/leases/lease.js';
import { LeaseTable } from '../../../../src/server/leases/table.js';
import { Pair } from '../../../../src/server/pair/pair.js';
import { poolsOf } from '../../../../src/server/pair/settings.js';
import { Counters } from '../../../../src/server/pipeline/counters.js';
import type { ServerSettings } from '../../../../src/server/settings.js';
import type { DecisionContext } from '../../../../src/server/v4/context.js';
import type { Decision } from '../../../../src/server/v4/decision.js';
import { DirectRequests } from '../../../../src/server/v4/direct-requests.js';
import { readRequester } from '../../../../src/server/v4/requester.js';
import { Topology } from '../../../../src/server/v4/topology.js';
import { encodeRequest, type RequestSketch } from '../../../support/lab.js';
import type { Code } from './code.js';

/** The packet path of the server, as it is, on one endpoint: requests go in, what it answers and records comes out. */
export class Site {
  readonly leases: LeaseTable;
  /** Recorded and not committed. */
  events: EventDraft[] = [];
  readonly #code: Code;
  readonly #config: ServerSettings;
  readonly #address: Ipv4;
  readonly #topology: Topology;
  readonly #endpoint: FailoverApi;
  readonly #pair: Pair;
  readonly #direct = new DirectRequests();
  readonly #counters = new Counters();

  constructor(
    code: Code,
    config: ServerSettings,
    address: Ipv4,
    endpoint: FailoverApi,
    stored: Iterable<Lease>,
    now: Moment,
  ) {
    this.#code = code;
    this.#config = config;
    this.#address = address;
    this.#endpoint = endpoint;
    this.#topology = new Topology(config, [address]);
    const networkOf = (one: Ipv4) => this.#topology.networkOf(one);
    this.leases = new LeaseTable(networkOf);
    this.leases.rebuild(this.#topology.networks, networkOf);
    // Steady time is not stored: the rest of a lease follows from the wall clock
    for (const lease of stored) this.leases.put({ ...lease, due: lease.end - now.wall + now.steady });
    this.leases.commit();
    this.#pair = new Pair(endpoint, now, { address, peerAddress: 0 });
    for (const [i, pool] of poolsOf('pair', this.#topology.networks).entries()) pool.sharing = this.#pair.sharing(i);
  }

  /** Decides about a request, which no server may drop before that. */
  decide(sketch: RequestSketch & { xid: number }, now: Moment): Decision {
    this.leases.expireOffers(now.steady);
    const requester = readRequester(
      {
        bytes: encodeRequest(sketch),
        source: parseIpv4(sketch.giaddr ?? sketch.ciaddr ?? '0.0.0.0'),
        sourcePort: 67,
        viaBroadcast: false,
        endpoint: { address: this.#address, interface: 'eth0', subnets: [] } as unknown as Endpoint,
      },
      { address: this.#address, port: 67, relayPort: 67, clientPort: 68, snooping: false },
      this.#config,
      this.#topology,
    );
    if (requester.kind === 'drop') throw new Error(`${formatIpv4(this.#address)} drops a request: ${requester.reason}`);
    return this.#code.decide(requester, this.#context(now), this.#counters);
  }

  /** Brings leases and events in line with what the endpoint did by itself. */
  settle(now: Moment): void {
    const context = this.#context(now);
    for (const change of this.#endpoint.takeChanges()) this.#code.applyChange(change, context, now);
  }

  #context(now: Moment): DecisionContext {
    this.#pair.moment = now;
    return {
      settings: this.#config,
      topology: this.#topology,
      leases: this.leases,
      direct: this.#direct,
      pairs: { of: (address) => (this.#pair.covers(address) ? this.#pair : undefined) },
      now: now.steady,
      at: now.wall,
      record: (event) => void this.events.push(event),
      warn: () => undefined,
    };
  }
}

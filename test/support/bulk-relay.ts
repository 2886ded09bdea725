import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Namespace } from '../../rig/lab/netns.js';
import { type RequestSketch, TYPE } from './lab.js';
import { makeTempDir } from './temp.js';

const MAIN = fileURLToPath(new URL('bulk-relay-main.ts', import.meta.url));
/** Long enough for a reply on a loaded machine. */
const WAIT_MS = 3000;

/** A request of a client behind the relay, and the servers that the relay sends it to. */
export type BulkRequest = RequestSketch & { xid: number; to: readonly string[] };

/** The contents of a reply. */
export interface BulkAnswer {
  xid: number;
  server: string;
  /** Option 53. */
  type: number;
  address: string;
  /** Option 51. */
  seconds: number | null;
}

export interface BulkJob {
  /** Sends without giaddr, like a client that has its address. */
  direct?: true;
  requests: readonly BulkRequest[];
  waitMs: number;
}

/** A client with its lease. */
export interface BulkLease {
  mac: string;
  address: string;
  server: string;
  seconds: number;
}

/** Many clients behind one relay, which sends their requests to one or two servers. */
export class BulkRelay {
  readonly #socket: Socket;
  readonly #answers: AsyncIterator<string>;
  #xid = 0x5000_0000;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  /** Starts it on a host that has this address; it ends with the host. */
  static async start(host: Namespace, address: string): Promise<BulkRelay> {
    const path = join(makeTempDir(), 'relay.sock');
    const program = host.start([process.execPath, '--import', 'tsx', MAIN, address, path], { cwd: dirname(MAIN) });
    await program.waitFor(/relay-ready/, 30_000);
    const socket = connect(path);
    socket.on('error', () => undefined);
    return new BulkRelay(socket);
  }

  /** Sends requests all at once and returns the replies, each with the index of its request. */
  async ask(
    requests: readonly (RequestSketch & { to: readonly string[] })[],
    waitMs = WAIT_MS,
  ): Promise<(BulkAnswer & { request: number })[]> {
    const first = this.#xid;
    this.#xid += requests.length;
    const numbered = requests.map((request, i) => ({ ...request, xid: first + i }));
    const answers = await this.#run({ requests: numbered, waitMs });
    return answers.map((answer) => ({ ...answer, request: answer.xid - first }));
  }

  /** Sends one request by unicast, like a client that has its address, without a relay. Does not wait for the reply. */
  async direct(request: RequestSketch & { to: readonly string[] }): Promise<void> {
    await this.#run({ direct: true, requests: [{ ...request, xid: this.#xid++ }], waitMs: 0 });
  }

  /** DISCOVER and REQUEST of each client, to both servers. Returns the leases that were given. */
  async lease(macs: readonly string[], to: readonly string[], more: Partial<RequestSketch> = {}): Promise<BulkLease[]> {
    const offers = await this.ask(macs.map((mac) => ({ ...more, mac, type: TYPE.discover, to })));
    const chosen = new Map(offers.map((offer) => [offer.request, offer] as const));
    const takers = [...chosen.values()];
    const acks = await this.ask(
      takers.map(({ request, address, server }) => ({
        ...more,
        mac: macs[request]!,
        type: TYPE.request,
        requested: address,
        serverId: server,
        to,
      })),
    );
    return acks
      .filter(({ type }) => type === TYPE.ack)
      .map(({ request, address, server, seconds }) => ({
        mac: macs[takers[request]!.request]!,
        address,
        server,
        seconds: seconds!,
      }));
  }

  /** A REQUEST for the lease in REBINDING, relayed to one server. */
  async extend(leases: readonly BulkLease[], to: (lease: BulkLease) => string, waitMs?: number): Promise<BulkLease[]> {
    const requests = leases.map((lease) => ({
      mac: lease.mac,
      type: TYPE.request,
      ciaddr: lease.address,
      to: [to(lease)],
    }));
    return (await this.ask(requests, waitMs))
      .filter(({ type }) => type === TYPE.ack)
      .map(({ request, address, server, seconds }) => ({
        mac: leases[request]!.mac,
        address,
        server,
        seconds: seconds!,
      }));
  }

  /** Releases each lease at the server that gave it. */
  async release(leases: readonly BulkLease[]): Promise<void> {
    const requests = leases.map(({ mac, address, server }) => ({
      mac,
      type: TYPE.release,
      ciaddr: address,
      serverId: server,
      to: [server],
    }));
    await this.ask(requests, 0);
  }

  async #run(job: BulkJob): Promise<BulkAnswer[]> {
    this.#socket.write(`${JSON.stringify(job)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('The relay has ended');
    return JSON.parse(value) as BulkAnswer[];
  }
}

/** This many consecutive MAC addresses from a number on. */
export function macs(count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, i) => `02f0${(first + i).toString(16).padStart(8, '0')}`);
}

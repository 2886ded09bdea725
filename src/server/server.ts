import { existsSync } from 'node:fs';
import { messageOf, UsageError } from '../base/errors.js';
import { type Clock, SystemClock, toIsoTime } from '../base/time.js';
import { checkpointToJson, type Json } from '../ledger/proof/json.js';
import { positionFile } from '../ledger/queue/position.js';
import type { Queue } from '../ledger/queue/queue.js';
import { findListenAddress } from '../net/interfaces.js';
import type { Ipv4 } from '../net/ipv4.js';
import {
  type CommandsOf,
  SERVER_CONTRACT,
  type ServerContract,
  type ServerStatus,
} from '../operate/control/contract.js';
import { ControlServer, controlPath } from '../operate/control/control.js';
import { Checkpoints } from './checkpoints.js';
import type { RelationshipRecord } from './failover/api.js';
import { Housekeeping } from './housekeeping.js';
import { type Identity, OWN_IDENTITY } from './identity.js';
import { Listeners } from './intake/listeners.js';
import { LeaseTable } from './leases/table.js';
import type { ServerLoggers } from './loggers.js';
import { forgetFormer } from './pair/forget.js';
import { makeMembers } from './pair/members.js';
import { Pairs } from './pair/pairs.js';
import { checkOwnAddresses, poolsOf } from './pair/settings.js';
import { Counters } from './pipeline/counters.js';
import { Pipeline } from './pipeline/pipeline.js';
import { serverEvent } from './pipeline/server-event.js';
import type { QueueSettings, ServerSettings, ServeSettings } from './settings.js';
import { startEvent } from './start-event.js';
import { ServerStore } from './store/server-store.js';
import { UsageWatch, usageOf } from './usage.js';
import { Topology } from './v4/topology.js';

/** The DHCP server: queue, leases, sockets and timers, from start to stop. */
export class DhcpServer {
  readonly #store: ServerStore;
  readonly #queue: Queue;
  readonly #leases: LeaseTable;
  readonly #counters = new Counters();
  readonly #pairs: Pairs;
  readonly #pipeline: Pipeline;
  readonly #listeners: Listeners;
  readonly #housekeeping: Housekeeping;
  readonly #checkpoints: Checkpoints;
  readonly #loggers: ServerLoggers;
  readonly #clock: Clock;
  readonly #started: number;
  #settings: ServeSettings;
  #topology: Topology;
  #control: ControlServer | undefined;
  /** The start is in the queue, so the stop must be recorded, too. */
  #isRecorded = false;
  /** The reload under way, if any. Never rejects. */
  #reloading: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  private constructor(settings: ServeSettings, store: ServerStore, loggers: ServerLoggers, clock: Clock) {
    this.#settings = settings;
    const { queue } = store;
    this.#store = store;
    this.#queue = queue;
    this.#loggers = loggers;
    this.#clock = clock;
    this.#started = clock.now();
    this.#topology = topologyOf(settings.server);
    this.#leases = new LeaseTable((address) => this.#topology.networkOf(address));
    this.#leases.rebuild(this.#topology.networks, (address) => this.#topology.networkOf(address), store.packedLeases());
    this.#pairs = this.#makePairs();
    this.#pairs.attach(this.#topology.networks);
    const { counters, pairs } = { counters: this.#counters, pairs: this.#pairs };
    const tools = { clock, store, leases: this.#leases, counters, logger: loggers.server, pairs };
    this.#pipeline = new Pipeline(this.#parts(), tools);
    this.#listeners = new Listeners(
      (datagram, listen) => this.#pipeline.receive(datagram, listen),
      this.#counters,
      loggers.net,
    );
    this.#checkpoints = new Checkpoints({
      queue,
      server: settings.server.name,
      policy: settings.queue,
      clock,
      logger: loggers.queue,
    });
    this.#housekeeping = new Housekeeping({
      clock,
      queue,
      pipeline: this.#pipeline,
      usage: new UsageWatch(loggers.server),
      checkpoints: this.#checkpoints,
      networks: () => this.#topology.networks,
      counters: this.#counters,
      loggers,
    });
  }

  /**
   * Starts a server: opens its queue and its sockets, records the start and the leases that ended meanwhile, then answers.
   * @throws UsageError, QueueError if it cannot run with these settings; nothing is left open, and the failed start is not recorded
   */
  static async start(
    settings: ServeSettings,
    loggers: ServerLoggers,
    clock: Clock = new SystemClock(),
    identity: Identity = OWN_IDENTITY,
  ): Promise<DhcpServer> {
    const found = traceOfLostQueue(settings.queue);
    const store = ServerStore.open(settings.queue.file, settings.server.name, clock.now());
    if (found !== undefined) loggers.queue.log('queue-lost', { file: settings.queue.file, found });
    let server: DhcpServer | undefined;
    try {
      server = new DhcpServer(settings, store, loggers, clock);
      await identity.asRoot(() => server!.#openSockets());
      identity.dropRoot();
      server.#control = await ControlServer.open(controlPath(settings.queue.file), SERVER_CONTRACT, server.#commands());
      server.#recordStart();
      server.#checkpoints.tryMake();
      await server.#listeners.use();
      server.#startPairs();
      server.#housekeeping.start();
      server.#logReady();
      return server;
    } catch (error) {
      if (server) await server.stop();
      else store.close();
      throw error;
    }
  }

  /**
   * Puts other settings in force. Leases, and sockets that stay the same, are not touched.
   * @throws UsageError if it cannot; then everything is as before
   */
  async reload(settings: ServeSettings): Promise<void> {
    const reload = this.#reloading.then(() => this.#reload(settings));
    this.#reloading = reload.catch(() => undefined);
    await reload;
  }

  async #reload(settings: ServeSettings): Promise<void> {
    if (this.#stopped) throw new UsageError('The server is stopping');
    if (fixedSettings(settings) !== fixedSettings(this.#settings)) {
      throw new UsageError('server.name, queue.file and queue.key-file cannot change while the server runs', {
        hint: 'restart the server',
      });
    }
    const topology = topologyOf(settings.server);
    if (sharedSettings(settings.server, topology) !== sharedSettings(this.#settings.server, this.#topology)) {
      throw new UsageError('server.failover and the pools it shares cannot change while the server runs', {
        hint: 'restart the server; its partner goes on meanwhile',
      });
    }
    await this.#listeners.open(settings.server.listen);
    const closing = this.#listeners.use();
    this.#settings = settings;
    this.#topology = topology;
    this.#pairs.attach(topology.networks);
    this.#leases.rebuild(topology.networks, (address) => topology.networkOf(address));
    this.#pipeline.configure(this.#parts());
    this.#checkpoints.configure(settings.queue);
    await closing;
    this.#logReady();
  }

  /** Takes no more requests, answers those that wait, records the stop and closes everything. May be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** What `portledger status` shows of a running server. */
  status(): ServerStatus {
    const pools = this.#topology.networks.flatMap((network) =>
      network.pools.map((pool) => ({ network: network.name, ...usageOf(pool) })),
    );
    return {
      name: this.#settings.server.name,
      pid: process.pid,
      started: toIsoTime(this.#started),
      queue: this.#queue.uuid,
      sequence: this.#queue.sequence,
      unshipped: this.#queue.depth(),
      leases: { active: this.#leases.active, known: this.#leases.size, offered: this.#leases.offers },
      pools,
      ...this.#pairs.summary(),
      ...this.#counters.snapshot(),
    };
  }

  /** Everything that may need root. */
  async #openSockets(): Promise<void> {
    await this.#listeners.open(this.#settings.server.listen);
    await this.#pairs.open();
  }

  #startPairs(): void {
    this.#pairs.start(() => this.#pipeline.wake());
  }

  #makePairs(): Pairs {
    const wall = this.#clock.now();
    const moment = { wall, steady: Math.max(wall, this.#queue.at) };
    const relationships = this.#settings.server.failover;
    const parts = {
      relationships,
      networks: this.#topology.networks,
      store: this.#store,
      leases: this.#leases,
      longestLease: (address: Ipv4) => this.#topology.scopeOf(address)?.leases.max ?? 0,
      moment,
    };
    return new Pairs(makeMembers(parts), moment, this.#loggers.failover);
  }

  async #stop(): Promise<void> {
    await this.#reloading;
    this.#housekeeping.stop();
    await this.#listeners.close();
    if (this.#isRecorded) this.#recordStop();
    await this.#pairs.close();
    await this.#control?.close();
    this.#store.close();
    if (!this.#isRecorded) return;
    this.#loggers.server.log('server-stopped', { name: this.#settings.server.name, ...this.#counters.snapshot() });
  }

  #recordStop(): void {
    this.#pipeline.drain();
    try {
      this.#pipeline.commitServerEvent(serverEvent('server-stopped', this.#settings.server.name, null), false);
    } catch (error) {
      this.#loggers.queue.log('queue-write-failed', { error: messageOf(error), policy: 'stop' });
    }
    this.#pipeline.close();
    this.#checkpoints.tryMake();
  }

  #parts() {
    return { settings: this.#settings.server, onFailure: this.#settings.queue.onFailure, topology: this.#topology };
  }

  /** What an operator may ask a running server to do. */
  #commands(): CommandsOf<ServerContract> {
    return {
      status: () => this.status(),
      checkpoint: () => newestAsJson(this.#checkpoints),
      'rotate-key': () => this.#checkpoints.rotate(),
      'failover-status': () => this.#pairs.status(),
      'failover-command': ({ name, command }) => this.#pairs.command(name, command, () => this.#pipeline.flush()),
    };
  }

  #recordStart(): void {
    const now = this.#queue.nextTime(this.#clock.now());
    const { event, uncleanEnd } = startEvent(this.#queue, this.#settings.server.name, now);
    const records = this.#store.relationships();
    this.#pipeline.commitServerEvent(event, true);
    this.#isRecorded = true;
    this.#forgetShared(records);
    this.#pipeline.expireAll();
    if (!uncleanEnd) return;
    const { from, seconds } = uncleanEnd;
    this.#loggers.server.log('unclean-end-found', { from: toIsoTime(from), seconds });
  }

  /** Only after the start is recorded: a start that fails must not cost a pair its memory. `records`: as they were before this start. */
  #forgetShared(records: readonly RelationshipRecord[]): void {
    const { failover } = this.#settings.server;
    const relationshipOf = (address: Ipv4) => this.#pairs.of(address)?.name;
    const forgotten = forgetFormer(this.#store, records, failover, this.#topology.networks, relationshipOf);
    if (forgotten) this.#loggers.failover.log('failover-forgotten', forgotten);
    for (const name of this.#pairs.stale) this.#loggers.failover.log('failover-asks-anew', { name });
  }

  #logReady(): void {
    const { name, subnets } = this.#settings.server;
    this.#loggers.server.log('server-ready', {
      name,
      subnets: subnets.length,
      listen: this.#listeners.describe(),
      leases: this.#leases.active,
      queue: this.#queue.uuid,
    });
  }
}

/** The settings that cannot change while the server runs, as text to compare. */
function fixedSettings({ server, queue }: ServeSettings): string {
  return JSON.stringify([server.name, queue.file, queue.keyFile]);
}

/** A file that a lost queue left behind; undefined if the queue is there, or if there never was one. */
function traceOfLostQueue({ file, keyFile }: QueueSettings): string | undefined {
  if (existsSync(file)) return undefined;
  return [keyFile, positionFile(file)].find((trace) => existsSync(trace));
}

function newestAsJson(checkpoints: Checkpoints): Json | null {
  const newest = checkpoints.make();
  return newest ? checkpointToJson(newest) : null;
}

function topologyOf(server: ServerSettings): Topology {
  const own = server.listen.map((entry) => findListenAddress(entry).address);
  const topology = new Topology(server, own);
  checkOwnAddresses(topology.networks, own);
  return topology;
}

/** The settings that an endpoint is made from and that both servers of a pair must agree on, as text to compare. */
function sharedSettings({ failover }: ServerSettings, { networks }: Topology): string {
  const pools = failover.flatMap(({ name }) => poolsOf(name, networks));
  return JSON.stringify([failover, pools.map((pool) => [pool.failover, pool.first, pool.last, pool.reserved()])]);
}

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { freshDatabase } from '../../../rig/lab/database.js';
import { Campus, type Namespace } from '../../../rig/lab/netns.js';
import { type ConfigDocument, Installation } from '../../../rig/lab/processes.js';
import type { Program } from '../../../rig/lab/program.js';
import { until } from '../../../rig/lab/until.js';
import { toHex } from '../../../src/base/text.js';
import { fromSqlTime, type Micros, toIsoTime } from '../../../src/base/time.js';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

/** A row of the view `port_history`. */
export interface Stay {
  switchName: string | null;
  portName: string | null;
  remoteId: Buffer | null;
  circuitId: Buffer | null;
  ip: string;
  mac: string;
  clientId: string | null;
  hostname: string | null;
  firstSeen: Micros;
  lastSeen: Micros;
  leaseUntil: Micros;
  endedAt: Micros | null;
  endReason: string | null;
  evidence: string;
  server: string;
  events: number;
}

/** A row of the table `events`, as far as the tests look at it. */
export interface TrailEvent {
  sequence: number;
  at: Micros;
  kind: string;
  ip: string;
  mac: string;
  xid: number;
  clientState: string | null;
  giaddr: string | null;
  linkSelection: string | null;
  circuitId: string | null;
  remoteId: string | null;
  evidence: string;
  leaseEnd: Micros | null;
}

/** What `portledger status` says of the server. */
export interface ServerStatus {
  sequence: number;
  traffic: Record<string, number>;
  drops: Record<string, number>;
  pools: { network: string; used: number; size: number }[];
}

export const SERVER_ADDRESS = '198.18.0.1';

/** The section `server` of a configuration, for a server that listens on its `eth0` unless told otherwise. */
export function serverSection(subnets: ConfigDocument[], extra: ConfigDocument = {}): ConfigDocument {
  return {
    name: 'dhcp-a',
    listen: [{ address: SERVER_ADDRESS }],
    'trusted-relays': ['198.18.0.0/15'],
    'lease-time': '60s',
    ...extra,
    subnets,
  };
}

/**
 * What every test here plays on: hosts and cables, `portledger serve` on one of the hosts, `portledger ship` on this
 * machine, and a trail of its own on the private MariaDB. They share the queue file.
 */
export class Stage {
  readonly campus = new Campus();
  readonly server: Namespace = this.campus.host();
  readonly #folder = makeTempDir();
  #database: Awaited<ReturnType<typeof freshDatabase>> | undefined;
  #connection: Connection | undefined;
  #installation: Installation | undefined;
  #serve: Program | undefined;
  #ship: Program | undefined;

  /** Starts server and shipper. The server's interfaces must be there. */
  async start(server: ConfigDocument): Promise<void> {
    this.#database = await freshDatabase();
    this.#connection = await createConnection({ uri: this.#database.url, dateStrings: true });
    const queue = { file: 'server.queue' };
    this.#installation = new Installation(this.#folder, { server, queue, audit: { url: this.#database.url } });
    const { code, stderr } = await this.#installation.run('here', 'migrate');
    assert.equal(code, 0, stderr);
    [this.#serve, this.#ship] = await Promise.all([
      this.#installation.serve(this.server),
      this.#installation.ship('here'),
    ]);
  }

  /** Takes everything down, whatever state it is in. */
  async close(): Promise<void> {
    try {
      await this.#ship?.stop('SIGKILL');
      await this.campus.remove();
      await this.#connection?.end();
      await this.#database?.drop();
    } finally {
      removeTempDir(this.#folder);
    }
  }

  /** Everything that the server logged so far. */
  get serverLog(): string {
    return this.#serve?.output ?? '';
  }

  /** The server's last sequence. */
  get lastSequence(): number {
    const reader = QueueReader.open(join(this.#folder, 'server.queue'));
    try {
      return reader.position().last;
    } finally {
      reader.close();
    }
  }

  /** Waits until all that the server has committed by now is in the trail. */
  async shipped(withinMs = 15_000): Promise<void> {
    const last = this.lastSequence;
    const reached = async () => {
      const rows = await this.query('SELECT sequence FROM queues');
      return rows.length === 1 && Number(rows[0]!.sequence) >= last;
    };
    await until(`event ${last} in the trail`, reached, { withinMs, detail: () => this.#ship!.output });
  }

  /** Rows of a query on the trail; times are text. */
  async query(sql: string, values: unknown[] = []): Promise<RowDataPacket[]> {
    const [rows] = await this.#connection!.query<RowDataPacket[]>(sql, values);
    return rows;
  }

  /** The events of the trail with this value in a column, in order. */
  async events(column: 'ip' | 'mac' | 'kind', value: string): Promise<TrailEvent[]> {
    await this.shipped();
    const sql = `SELECT * FROM events WHERE ${column} = ? ORDER BY sequence`;
    return (await this.query(sql, [value])).map(toTrailEvent);
  }

  /** Waits until the trail has so many events of a kind of one client. Returns them. */
  async waitForEvents(kind: string, mac: string, count = 1, withinMs = 15_000): Promise<TrailEvent[]> {
    const found = async () => {
      const events = (await this.events('mac', mac)).filter((event) => event.kind === kind);
      return events.length >= count && events;
    };
    return until(`${count} "${kind}" of ${mac} in the trail`, found, { withinMs, detail: () => this.serverLog });
  }

  /** What the auditor sees: `SELECT ... FROM port_history` with this value in a column, oldest first. */
  async history(column: 'ip' | 'mac' | 'port_name', value: string): Promise<Stay[]> {
    await this.shipped();
    const sql = `SELECT switch_name, port_name, remote_id, circuit_id, ip, mac, client_id, hostname, first_seen,
      last_seen, lease_until, ended_at, end_reason, evidence, server, events
      FROM port_history WHERE ${column} = ? ORDER BY first_seen`;
    return (await this.query(sql, [value])).map(toStay);
  }

  /** The rows of `portledger report ... -o json`. */
  async report(...args: string[]): Promise<Record<string, unknown>[]> {
    return this.#installation!.report('here', ...args);
  }

  /** What `portledger status` says of the running server. */
  async status(): Promise<ServerStatus> {
    const { code, stdout, stderr } = await this.#installation!.run('here', 'status', '-o', 'json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout).server;
  }
}

/** The row of `report ... -o json` that says the same as a row of the view. */
export function asReported(stay: Stay): Record<string, unknown> {
  const time = (value: Micros | null) => value && toIsoTime(value);
  return {
    ...stay,
    remoteId: stay.remoteId && toHex(stay.remoteId),
    circuitId: stay.circuitId && toHex(stay.circuitId),
    firstSeen: time(stay.firstSeen),
    lastSeen: time(stay.lastSeen),
    leaseUntil: time(stay.leaseUntil),
    endedAt: time(stay.endedAt),
  };
}

/** The wall clock, in the unit of events. */
export function now(): Micros {
  return Date.now() * 1000;
}

/** Asserts that something happened between two looks at the clock; a look shows the millisecond that has begun. */
export function assertWithin(what: string, at: Micros | null, from: Micros, to: Micros): void {
  const happened = at !== null && at >= from && at < to + 1000;
  assert.ok(happened, `${what}: ${at && toIsoTime(at)} is not within ${toIsoTime(from)} and ${toIsoTime(to)}`);
}

/** Asserts that a row of the view ended by itself and when it did. */
export function assertEnded(stay: Stay, reason: string, from: Micros, to: Micros): void {
  assert.equal(stay.endReason, reason);
  assertWithin(`end by "${reason}"`, stay.endedAt, from, to);
}

function toStay(row: RowDataPacket): Stay {
  const time = (value: string | null) => value && fromSqlTime(value);
  return {
    switchName: row.switch_name,
    portName: row.port_name,
    remoteId: row.remote_id,
    circuitId: row.circuit_id,
    ip: row.ip,
    mac: row.mac,
    clientId: row.client_id,
    hostname: row.hostname,
    firstSeen: fromSqlTime(row.first_seen),
    lastSeen: fromSqlTime(row.last_seen),
    leaseUntil: fromSqlTime(row.lease_until),
    endedAt: time(row.ended_at) as Micros | null,
    endReason: row.end_reason,
    evidence: row.evidence,
    server: row.server,
    events: row.events,
  };
}

function toTrailEvent(row: RowDataPacket): TrailEvent {
  return {
    sequence: Number(row.sequence),
    at: fromSqlTime(row.at),
    kind: row.kind,
    ip: row.ip,
    mac: row.mac,
    xid: row.xid,
    clientState: row.client_state,
    giaddr: row.giaddr,
    linkSelection: row.link_selection,
    circuitId: row.circuit_id?.toString() ?? null,
    remoteId: row.remote_id?.toString() ?? null,
    evidence: row.evidence,
    leaseEnd: row.lease_end && fromSqlTime(row.lease_end),
  };
}

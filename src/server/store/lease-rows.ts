import type { SqliteDatabase } from '../../base/sqlite.js';
import { LEASE_STATES, type Lease } from '../leases/lease.js';
import { NULL_LENGTH, type PackedLease, unpack } from '../leases/packed.js';

export const UPSERT_LEASE = `
  INSERT OR REPLACE INTO leases
    (address, state, client, htype, hwaddr, client_id, hostname, start, renewed, end, port_giaddr, port_option82)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The values of {@link UPSERT_LEASE} in their order. */
export function leaseValues(lease: Lease): unknown[] {
  return [
    lease.address,
    lease.state,
    Buffer.from(lease.client, 'latin1'),
    lease.htype,
    Buffer.from(lease.hwaddr, 'latin1'),
    bytesOrNull(lease.clientId),
    bytesOrNull(lease.hostname),
    lease.start,
    lease.renewed,
    lease.end,
    lease.port?.giaddr ?? null,
    bytesOrNull(lease.port?.option82 ?? null),
  ];
}

/** Leases that are read at a time. */
const PAGE = 1000;

const STATE_NUMBER = `CASE state ${LEASE_STATES.map((state, number) => `WHEN '${state}' THEN ${number}`).join(' ')} END`;
const TEXTS = ['client', 'hwaddr', 'client_id', 'hostname', 'port_option82'];
const LENGTHS = TEXTS.map((column) => `ifnull(length(${column}), ${NULL_LENGTH})`);
const NUMBERS = ['address', STATE_NUMBER, 'htype', 'start', 'renewed', 'end', 'ifnull(port_giaddr, 0)', ...LENGTHS];

/** The last address of the page after an address; null if there is no page any more. */
const PAGE_END = `SELECT max(address) FROM (SELECT address FROM leases WHERE address > ? ORDER BY address LIMIT ${PAGE})`;

/**
 * A page of leases as one blob, each its numbers and the bytes of its texts: of a row with five blobs, the making of its objects takes ten times
 * as long as the reading. SQLite works a range of the primary key off in its order.
 */
const READ_PAGE = `
  SELECT CAST(group_concat(concat(concat_ws(',', ${NUMBERS.join(', ')}), ',', ${TEXTS.join(', ')}), '') AS BLOB)
  FROM leases WHERE address > ? AND address <= ?`;

/** All leases, ordered by address; none of them is missed or comes twice while others change. It is the same object for all of a page. */
export function* readPacked(db: SqliteDatabase): Generator<PackedLease> {
  const endOfPage = db.prepare(PAGE_END).pluck();
  const read = db.prepare(READ_PAGE).pluck();
  for (let after = -1; ; ) {
    const end = endOfPage.get(after) as number | null;
    if (end === null) return;
    const lease = new LeaseOnPage(read.get(after, end) as Buffer);
    while (lease.advance()) yield lease;
    after = end;
  }
}

/** The same as objects of their own. */
export function* readLeases(db: SqliteDatabase): Generator<Lease> {
  for (const packed of readPacked(db)) yield unpack(packed);
}

/** Goes from lease to lease of a page. */
class LeaseOnPage implements PackedLease {
  address = 0;
  state = 0;
  htype = 0;
  start = 0;
  renewed = 0;
  end = 0;
  giaddr = 0;
  readonly lengths = TEXTS.map(() => 0);
  readonly bytes: Buffer;
  offset = 0;
  #next = 0;

  constructor(page: Buffer) {
    this.bytes = page;
  }

  /** False if there is none any more; then this is still the last one. */
  advance(): boolean {
    if (this.#next === this.bytes.length) return false;
    this.address = this.#number();
    this.state = this.#number();
    this.htype = this.#number();
    this.start = this.#number();
    this.renewed = this.#number();
    this.end = this.#number();
    this.giaddr = this.#number();
    for (let i = 0; i < this.lengths.length; i++) this.lengths[i] = this.#number();
    this.offset = this.#next;
    for (const length of this.lengths) if (length !== NULL_LENGTH) this.#next += length;
    return true;
  }

  /** Reads a number and the comma behind it. */
  #number(): number {
    let value = 0;
    for (let digit = this.bytes[this.#next++]!; digit !== COMMA; digit = this.bytes[this.#next++]!) {
      value = 10 * value + (digit - ZERO);
    }
    return value;
  }
}

const COMMA = ','.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);

function bytesOrNull(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'latin1');
}

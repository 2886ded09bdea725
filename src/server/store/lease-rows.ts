import type { SqliteDatabase } from '../../base/sqlite.js';
import { LEASE_STATES, type Lease } from '../leases/lease.js';
import { NULL_LENGTH, type PackedLease, unpack } from '../leases/packed.js';

export const UPSERT_LEASE = `
  INSERT OR REPLACE INTO leases
    (address, state, client, htype, hwaddr, client_id, hostname, start, renewed, end, port_giaddr, port_option82)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The values for {@link UPSERT_LEASE}, in its order. */
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

/** Leases of one read. */
const PAGE = 1000;

const STATE_NUMBER = `CASE state ${LEASE_STATES.map((state, number) => `WHEN '${state}' THEN ${number}`).join(' ')} END`;
const TEXTS = ['client', 'hwaddr', 'client_id', 'hostname', 'port_option82'];
const LENGTHS = TEXTS.map((column) => `ifnull(length(${column}), ${NULL_LENGTH})`);
const NUMBERS = ['address', STATE_NUMBER, 'htype', 'start', 'renewed', 'end', 'ifnull(port_giaddr, 0)', ...LENGTHS];

/** The last address of the page that follows an address; null after the last page. */
const PAGE_END = `SELECT max(address) FROM (SELECT address FROM leases WHERE address > ? ORDER BY address LIMIT ${PAGE})`;

/**
 * A page of leases as one blob: for each lease its numbers, then the bytes of its texts. To make the objects of a row with five blobs
 * takes ten times as long as to read it. SQLite reads a range of the primary key in its order.
 */
const READ_PAGE = `
  SELECT CAST(group_concat(concat(concat_ws(',', ${NUMBERS.join(', ')}), ',', ${TEXTS.join(', ')}), '') AS BLOB)
  FROM leases WHERE address > ? AND address <= ?`;

/** All leases, ordered by address; none is missed or repeated while leases change. All leases of a page are the same object. */
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

/** As {@link readPacked}, each lease an object of its own. */
export function* readLeases(db: SqliteDatabase): Generator<Lease> {
  for (const packed of readPacked(db)) yield unpack(packed);
}

/** A cursor over the leases of a page. */
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

  /** Moves to the next lease. Returns false after the last, and stays there. */
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

  /** Reads a number and the comma after it. */
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

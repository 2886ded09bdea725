import type { Micros } from '../../base/time.js';
import type { Ipv4 } from '../../net/ipv4.js';
import { Arena } from './arena.js';
import type { ClientHash } from './client-hash.js';
import { LEASE_STATES, type Lease, type LeaseState } from './lease.js';
import { NULL_LENGTH, type PackedLease } from './packed.js';
import { Uint32Map } from './uint32-map.js';

/** Lengths of the texts, 2 bytes each, before them. */
const TEXTS = 5;
const HEADER = 2 * TEXTS;
/** State of a slot that has no lease. */
const VACANT = LEASE_STATES.length;
/** Number of leases that are cached as objects: an exchange reads the same lease several times. */
const RECENT = 1024;
const LEAST_SLOTS = 64;

/** Client, hwaddr, clientId, hostname and Option 82. */
type Texts = [string, string, string | null, string | null, string | null];

/** The parts of all leases that have a fixed size, by slot. */
class Columns {
  readonly capacity: number;
  readonly address: Uint32Array;
  readonly state: Uint8Array;
  readonly htype: Uint8Array;
  readonly giaddr: Uint32Array;
  readonly start: Float64Array;
  readonly renewed: Float64Array;
  readonly end: Float64Array;
  readonly due: Float64Array;
  /** Record of the texts in the arena. */
  readonly texts: Uint32Array;

  constructor(capacity: number, former?: Columns) {
    this.capacity = capacity;
    this.address = new Uint32Array(capacity);
    this.state = new Uint8Array(capacity);
    this.htype = new Uint8Array(capacity);
    this.giaddr = new Uint32Array(capacity);
    this.start = new Float64Array(capacity);
    this.renewed = new Float64Array(capacity);
    this.end = new Float64Array(capacity);
    this.due = new Float64Array(capacity);
    this.texts = new Uint32Array(capacity);
    if (former) this.#copy(former);
  }

  #copy(former: Columns): void {
    this.address.set(former.address);
    this.state.set(former.state);
    this.htype.set(former.htype);
    this.giaddr.set(former.giaddr);
    this.start.set(former.start);
    this.renewed.set(former.renewed);
    this.end.set(former.end);
    this.due.set(former.due);
    this.texts.set(former.texts);
  }
}

/**
 * Leases by address, one each, in columns: about 150 bytes a lease, and an object only for a lease that is read. A lease keeps its slot
 * until its address is removed.
 */
export class LeaseStore {
  readonly #slots = new Uint32Map();
  readonly #arena = new Arena();
  #columns = new Columns(LEAST_SLOTS);
  /** Slots below this were used. */
  #used = 0;
  #vacant: number[] = [];
  /** Cached leases, each at its slot modulo {@link RECENT}. */
  readonly #recent: (Lease | undefined)[] = new Array(RECENT).fill(undefined);

  get size(): number {
    return this.#slots.size;
  }

  slotOf(address: Ipv4): number | undefined {
    return this.#slots.get(address);
  }

  /** The slots that have a lease. */
  *slots(): Generator<number> {
    for (let slot = 0; slot < this.#used; slot++) if (this.#columns.state[slot] !== VACANT) yield slot;
  }

  address(slot: number): Ipv4 {
    return this.#columns.address[slot]!;
  }

  state(slot: number): LeaseState {
    return LEASE_STATES[this.#columns.state[slot]!]!;
  }

  renewed(slot: number): Micros {
    return this.#columns.renewed[slot]!;
  }

  end(slot: number): Micros {
    return this.#columns.end[slot]!;
  }

  due(slot: number): Micros {
    return this.#columns.due[slot]!;
  }

  client(slot: number): string {
    const record = this.#columns.texts[slot]!;
    const chunk = this.#arena.chunk(record);
    const start = Arena.start(record);
    return chunk.toString('latin1', start + HEADER, start + HEADER + readLength(chunk, start, 0));
  }

  hashOfClient(slot: number, hash: ClientHash): number {
    const record = this.#columns.texts[slot]!;
    const chunk = this.#arena.chunk(record);
    const start = Arena.start(record);
    return hash.ofBytes(chunk, start + HEADER, readLength(chunk, start, 0));
  }

  isClient(slot: number, client: string): boolean {
    const record = this.#columns.texts[slot]!;
    const chunk = this.#arena.chunk(record);
    const start = Arena.start(record);
    if (readLength(chunk, start, 0) !== client.length) return false;
    for (let i = 0; i < client.length; i++) if (chunk[start + HEADER + i] !== client.charCodeAt(i)) return false;
    return true;
  }

  get(slot: number): Lease {
    const recent = this.#recent[slot % RECENT];
    if (recent?.address === this.#columns.address[slot]) return recent!;
    const lease = this.read(slot);
    this.#recent[slot % RECENT] = lease;
    return lease;
  }

  /** As {@link get}, to go through many leases: it does not push out one that may be asked for again. */
  read(slot: number): Lease {
    const columns = this.#columns;
    const [client, hwaddr, clientId, hostname, option82] = this.#texts(slot) as Texts;
    return {
      address: columns.address[slot]!,
      state: this.state(slot),
      client,
      htype: columns.htype[slot]!,
      hwaddr,
      clientId,
      hostname,
      start: columns.start[slot]!,
      renewed: columns.renewed[slot]!,
      end: columns.end[slot]!,
      due: columns.due[slot]!,
      port: option82 === null ? null : { giaddr: columns.giaddr[slot]!, option82 },
    };
  }

  /** Puts a lease in place of the one that its address had. Returns its slot. */
  put(lease: Lease): number {
    const { client, hwaddr, clientId, hostname, port } = lease;
    const state = LEASE_STATES.indexOf(lease.state);
    const texts = [client, hwaddr, clientId, hostname, port?.option82 ?? null];
    const slot = this.#write(lease, state, port?.giaddr ?? 0, recordLength(texts));
    this.#columns.due[slot] = lease.due;
    this.#writeTexts(slot, texts);
    this.#recent[slot % RECENT] = lease;
    return slot;
  }

  /** As {@link put}, for a lease that is read from a file. Its due time is its end. */
  load(packed: PackedLease): number {
    const { lengths, bytes, offset } = packed;
    let length = 0;
    for (let i = 0; i < TEXTS; i++) if (lengths[i] !== NULL_LENGTH) length += lengths[i]!;
    const slot = this.#write(packed, packed.state, packed.giaddr, HEADER + length);
    this.#columns.due[slot] = packed.end;
    const record = this.#columns.texts[slot]!;
    const [chunk, start] = [this.#arena.chunk(record), Arena.start(record)];
    for (let i = 0; i < TEXTS; i++) writeLength(chunk, start, i, lengths[i]!);
    // For so few bytes a loop is faster than Buffer.copy
    for (let i = 0; i < length; i++) chunk[start + HEADER + i] = bytes[offset + i]!;
    this.#recent[slot % RECENT] = undefined;
    return slot;
  }

  remove(address: Ipv4): void {
    const slot = this.#slots.get(address);
    if (slot === undefined) return;
    this.#arena.release(this.#columns.texts[slot]!, this.#lengthOf(slot));
    this.#slots.delete(address);
    this.#columns.state[slot] = VACANT;
    this.#recent[slot % RECENT] = undefined;
    this.#vacant.push(slot);
  }

  /** Writes everything but due time and texts, and makes room for `length` bytes of texts. Returns the slot. */
  #write(
    lease: Pick<Lease, 'address' | 'htype' | 'start' | 'renewed' | 'end'>,
    state: number,
    giaddr: Ipv4,
    length: number,
  ): number {
    const known = this.#slots.get(lease.address);
    if (known !== undefined) this.#makeRoom(known, length);
    const slot = known ?? this.#newSlot(lease.address, length);
    const columns = this.#columns;
    columns.state[slot] = state;
    columns.htype[slot] = lease.htype;
    columns.giaddr[slot] = giaddr;
    columns.start[slot] = lease.start;
    columns.renewed[slot] = lease.renewed;
    columns.end[slot] = lease.end;
    return slot;
  }

  #newSlot(address: Ipv4, length: number): number {
    const slot = this.#vacant.pop() ?? this.#used++;
    if (slot === this.#columns.capacity) this.#columns = new Columns(Math.ceil(1.5 * slot), this.#columns);
    this.#slots.set(address, slot);
    this.#columns.address[slot] = address;
    this.#columns.texts[slot] = this.#arena.take(length);
    return slot;
  }

  #writeTexts(slot: number, texts: readonly (string | null)[]): void {
    const record = this.#columns.texts[slot]!;
    const chunk = this.#arena.chunk(record);
    const start = Arena.start(record);
    let at = start + HEADER;
    for (let i = 0; i < TEXTS; i++) {
      const text = texts[i];
      writeLength(chunk, start, i, text?.length ?? NULL_LENGTH);
      if (text) at += chunk.write(text, at, 'latin1');
    }
  }

  /** Makes room for new texts of a slot in place of its old ones. */
  #makeRoom(slot: number, length: number): void {
    const former = this.#columns.texts[slot]!;
    const formerLength = this.#lengthOf(slot);
    if (Arena.fits(formerLength, length)) return;
    this.#arena.release(former, formerLength);
    this.#columns.texts[slot] = this.#arena.take(length);
  }

  #lengthOf(slot: number): number {
    const record = this.#columns.texts[slot]!;
    const chunk = this.#arena.chunk(record);
    const start = Arena.start(record);
    let length = HEADER;
    for (let i = 0; i < TEXTS; i++) {
      const one = readLength(chunk, start, i);
      if (one !== NULL_LENGTH) length += one;
    }
    return length;
  }

  #texts(slot: number): (string | null)[] {
    const record = this.#columns.texts[slot]!;
    const chunk = this.#arena.chunk(record);
    const start = Arena.start(record);
    let from = start + HEADER;
    const texts: (string | null)[] = [];
    for (let i = 0; i < TEXTS; i++) {
      const length = readLength(chunk, start, i);
      const isNull = length === NULL_LENGTH;
      texts.push(isNull ? null : chunk.toString('latin1', from, from + length));
      if (!isNull) from += length;
    }
    return texts;
  }
}

/** Bytes that the texts take, with their lengths. */
function recordLength(texts: readonly (string | null)[]): number {
  let length = HEADER;
  for (const text of texts) length += text?.length ?? 0;
  return length;
}

function readLength(chunk: Buffer, start: number, which: number): number {
  return chunk[start + 2 * which]! | (chunk[start + 2 * which + 1]! << 8);
}

function writeLength(chunk: Buffer, start: number, which: number, length: number): void {
  chunk[start + 2 * which] = length & 0xff;
  chunk[start + 2 * which + 1] = length >>> 8;
}

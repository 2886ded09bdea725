import { hash } from 'node:crypto';
import type { Micros } from '../../base/time.js';
import { chainHash, encodeEvent, uuidText } from './encoding.js';
import type { ClientState, EventKind, Evidence, LedgerEvent } from './event.js';
import { readUint } from './field-reader.js';
import { AT_AT, fieldNumber, HASH_LENGTH, NULL_LENGTH, QUEUE_AT, SEQUENCE_AT } from './layout.js';
import { BEGIN, HASH, lengthAt, type Page, POSITIONS, readPage, readText } from './page.js';

const KIND = fieldNumber('kind');
const SERVER = fieldNumber('server');
const ADDRESS = fieldNumber('address');
const HTYPE = fieldNumber('htype');
const HWADDR = fieldNumber('hwaddr');
const CLIENT_ID = fieldNumber('clientId');
const HOSTNAME = fieldNumber('hostname');
const VENDOR_CLASS = fieldNumber('vendorClass');
const PARAMETER_REQUEST_LIST = fieldNumber('parameterRequestList');
const XID = fieldNumber('xid');
const CLIENT_STATE = fieldNumber('clientState');
const GIADDR = fieldNumber('giaddr');
const OPTION82 = fieldNumber('option82');
const CIRCUIT_ID = fieldNumber('circuitId');
const REMOTE_ID = fieldNumber('remoteId');
const SUBSCRIBER_ID = fieldNumber('subscriberId');
const RELAY_ID = fieldNumber('relayId');
const LINK_SELECTION = fieldNumber('linkSelection');
const EVIDENCE = fieldNumber('evidence');
const LEASE_START = fieldNumber('leaseStart');
const LEASE_END = fieldNumber('leaseEnd');
const DETAIL = fieldNumber('detail');

/**
 * An event as bytes of its queue. A field is read on access: shipping reads few of them, and an object for each field of each event would
 * cost more than all other work.
 */
export class StoredEvent implements LedgerEvent {
  readonly #page: Page;
  readonly #index: number;

  /** @param number its number on the page, from 0 */
  constructor(page: Page, number: number) {
    this.#page = page;
    this.#index = number * POSITIONS;
  }

  /** A view of the canonical encoding and the hash after it. */
  get stored(): Buffer {
    return this.#page.bytes.subarray(this.#position(BEGIN), this.#position(HASH) + HASH_LENGTH);
  }

  get queue(): string {
    const { bytes, queue, uuid } = this.#page;
    const start = this.#position(BEGIN) + QUEUE_AT;
    for (let i = 0; i < uuid.length; i++) {
      if (bytes[start + i] !== uuid[i]) return uuidText(bytes.subarray(start, start + uuid.length));
    }
    return queue;
  }

  get sequence(): number {
    return readUint(this.#page.bytes, this.#position(BEGIN) + SEQUENCE_AT);
  }

  get at(): Micros {
    return readUint(this.#page.bytes, this.#position(BEGIN) + AT_AT);
  }

  get hash(): Buffer {
    const start = this.#position(HASH);
    return this.#page.bytes.subarray(start, start + HASH_LENGTH);
  }

  get kind(): EventKind {
    return this.#text(KIND) as EventKind;
  }

  get server(): string {
    return this.#text(SERVER)!;
  }

  get address(): string | null {
    return this.#text(ADDRESS);
  }

  get htype(): number | null {
    return this.#uint(HTYPE);
  }

  get hwaddr(): Buffer | null {
    return this.#bytes(HWADDR);
  }

  get clientId(): Buffer | null {
    return this.#bytes(CLIENT_ID);
  }

  get hostname(): Buffer | null {
    return this.#bytes(HOSTNAME);
  }

  get vendorClass(): Buffer | null {
    return this.#bytes(VENDOR_CLASS);
  }

  get parameterRequestList(): Buffer | null {
    return this.#bytes(PARAMETER_REQUEST_LIST);
  }

  get xid(): number | null {
    return this.#uint(XID);
  }

  get clientState(): ClientState | null {
    return this.#text(CLIENT_STATE) as ClientState | null;
  }

  get giaddr(): string | null {
    return this.#text(GIADDR);
  }

  get option82(): Buffer | null {
    return this.#bytes(OPTION82);
  }

  get circuitId(): Buffer | null {
    return this.#bytes(CIRCUIT_ID);
  }

  get remoteId(): Buffer | null {
    return this.#bytes(REMOTE_ID);
  }

  get subscriberId(): Buffer | null {
    return this.#bytes(SUBSCRIBER_ID);
  }

  get relayId(): Buffer | null {
    return this.#bytes(RELAY_ID);
  }

  get linkSelection(): string | null {
    return this.#text(LINK_SELECTION);
  }

  get evidence(): Evidence {
    return this.#text(EVIDENCE) as Evidence;
  }

  get leaseStart(): Micros | null {
    return this.#uint(LEASE_START);
  }

  get leaseEnd(): Micros | null {
    return this.#uint(LEASE_END);
  }

  get detail(): string | null {
    return this.#text(DETAIL);
  }

  /** The fields of the port as one text. Equal texts mean the same port. Null without evidence. */
  get placeText(): string | null {
    if (this.evidence === 'none') return null;
    return this.#page.bytes.toString('latin1', this.#position(GIADDR), this.#position(LINK_SELECTION));
  }

  /** True if it is the next event after `previous`, by sequence and hash. */
  follows(previous: StoredEvent): boolean {
    if (this.sequence !== previous.sequence + 1) return false;
    const { bytes } = this.#page;
    const [begin, end] = [this.#position(BEGIN), this.#position(HASH)];
    // On one page the previous hash mostly stands right before this event.
    const isNext = previous.#page === this.#page && previous.#position(HASH) === begin - HASH_LENGTH;
    const digest = isNext
      ? hash('sha256', bytes.subarray(begin - HASH_LENGTH, end), 'hex')
      : chainHash(previous.hash, bytes.subarray(begin, end)).toString('hex');
    return digest === bytes.toString('hex', end, end + HASH_LENGTH);
  }

  #position(which: number): number {
    return this.#page.positions[this.#index + which]!;
  }

  #isNull(field: number): boolean {
    return lengthAt(this.#page.bytes, this.#position(field)) === NULL_LENGTH;
  }

  #bytes(field: number): Buffer | null {
    if (this.#isNull(field)) return null;
    return this.#page.bytes.subarray(this.#position(field) + 2, this.#position(field + 1));
  }

  #uint(field: number): number | null {
    return this.#isNull(field) ? null : readUint(this.#page.bytes, this.#position(field) + 2);
  }

  #text(field: number): string | null {
    if (this.#isNull(field)) return null;
    return readText(this.#page.bytes, field, this.#position(field) + 2, this.#position(field + 1));
  }
}

/** Reads consecutive events, each as its canonical encoding and its hash. Throws EventEncodingError. */
export function readStored(bytes: Buffer): StoredEvent[] {
  const page = readPage(bytes);
  const events = Array.from({ length: page.count }, (_, number) => new StoredEvent(page, number));
  // Reading these checks them: an unknown text must fail here and not later.
  for (const event of events) void [event.kind, event.server, event.clientState, event.evidence];
  return events;
}

/** Encodes the events; returns them unchanged if they are stored events already. */
export function storeEvents(events: readonly LedgerEvent[]): readonly StoredEvent[] {
  if (events.every((event) => event instanceof StoredEvent)) return events;
  return readStored(Buffer.concat(events.flatMap((event) => [encodeEvent(event), event.hash])));
}

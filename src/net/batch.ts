import { endianness } from 'node:os';
import type { Ipv4 } from './ipv4.js';
import { LINUX, type Libc } from './libc.js';

/** Most datagrams that one call reads or sends. */
const BATCH = 64;
/** Most calls in one round, so that what was read can be answered before more is read. */
const CALLS = 4;
/** Most datagrams that one round reads. */
export const ROUND = BATCH * CALLS;
/** No UDP datagram is longer. */
const RECEIVE_SLOT = 65_536;
/** Longer datagrams are sent by Node's dgram. */
const SEND_SLOT = 2048;

/** Sizes and offsets in bytes of the C library's structs where pointers have 8 bytes (glibc and musl agree). */
const HEADER = 64;
const NAME = 0;
const NAME_LENGTH = 8;
const VECTOR = 16;
const VECTOR_COUNT = 24;
const LENGTH = 56;
const IOVEC = 16;
const SOCKADDR = 16;
const PORT = 2;
const ADDRESS = 4;

/** True where the structs are laid out as this file has it. */
export const BATCHES = endianness() === 'LE' && ['x64', 'arm64', 'riscv64', 'loong64', 'ppc64'].includes(process.arch);

/** Receives one datagram. The bytes are the callee's to keep. */
export type Receive = (bytes: Buffer, source: Ipv4, sourcePort: number) => void;

/**
 * The messages of one recvmmsg or sendmmsg: headers, addresses and space for the bytes, allocated once. Node's dgram makes several objects
 * and one system call for each datagram; that costs more than the answer.
 */
class Messages {
  readonly headers = Buffer.alloc(BATCH * HEADER);
  readonly addresses = Buffer.alloc(BATCH * SOCKADDR);
  readonly bytes: Buffer;
  readonly #vectors = Buffer.alloc(BATCH * IOVEC);
  readonly #slot: number;

  constructor(libc: Libc, slot: number) {
    this.#slot = slot;
    this.bytes = Buffer.alloc(BATCH * slot);
    const [addresses, vectors, bytes] = [this.addresses, this.#vectors, this.bytes].map((part) => libc.addressOf(part));
    for (let i = 0; i < BATCH; i++) {
      this.headers.writeBigUInt64LE(addresses! + BigInt(i * SOCKADDR), i * HEADER + NAME);
      this.headers.writeBigUInt64LE(vectors! + BigInt(i * IOVEC), i * HEADER + VECTOR);
      this.headers.writeBigUInt64LE(1n, i * HEADER + VECTOR_COUNT);
      this.#vectors.writeBigUInt64LE(bytes! + BigInt(i * slot), i * IOVEC);
      this.addresses.writeUInt16LE(LINUX.AF_INET, i * SOCKADDR);
    }
    this.reset();
  }

  /** Gives every message its full length again: the kernel wrote the used length into it. */
  reset(): void {
    for (let i = 0; i < BATCH; i++) {
      this.headers.writeUInt32LE(SOCKADDR, i * HEADER + NAME_LENGTH);
      this.setLength(i, this.#slot);
    }
  }

  setLength(i: number, length: number): void {
    this.#vectors.writeUInt32LE(length, i * IOVEC + 8);
  }

  lengthOf(i: number): number {
    return this.#vectors.readUInt32LE(i * IOVEC + 8);
  }

  /** A copy of the bytes of a received message. */
  copy(i: number): Buffer {
    const start = i * this.#slot;
    return Buffer.from(this.bytes.subarray(start, start + this.headers.readUInt32LE(i * HEADER + LENGTH)));
  }
}

/** Reads and sends many datagrams at a time on a socket of Node's dgram. Never blocks. */
export class DatagramBatch {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #received: Messages;
  readonly #outgoing: Messages;
  #waiting = 0;

  /** @param fd the caller closes it */
  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
    this.#received = new Messages(libc, RECEIVE_SLOT);
    this.#outgoing = new Messages(libc, SEND_SLOT);
  }

  /** One round: reads what waits in the socket, at most {@link ROUND}. Errors are left to dgram, which sees them too. */
  receive(onDatagram: Receive): void {
    for (let call = 0; call < CALLS; call++) {
      this.#received.reset();
      const count = this.#libc.recvmmsg(this.#fd, this.#received.headers, BATCH);
      for (let i = 0; i < count; i++) {
        const { addresses } = this.#received;
        const source = addresses.readUInt32BE(i * SOCKADDR + ADDRESS);
        onDatagram(this.#received.copy(i), source, addresses.readUInt16BE(i * SOCKADDR + PORT));
      }
      if (count < BATCH) return;
    }
  }

  /** Adds a datagram for {@link send}. False if it is too long or there is no room: the caller then sends it another way. */
  add(address: Ipv4, port: number, bytes: Buffer): boolean {
    if (bytes.length > SEND_SLOT || this.#waiting === BATCH) return false;
    const i = this.#waiting++;
    const { addresses } = this.#outgoing;
    addresses.writeUInt16BE(port, i * SOCKADDR + PORT);
    addresses.writeUInt32BE(address, i * SOCKADDR + ADDRESS);
    bytes.copy(this.#outgoing.bytes, i * SEND_SLOT);
    this.#outgoing.setLength(i, bytes.length);
    return true;
  }

  get isFull(): boolean {
    return this.#waiting === BATCH;
  }

  /** Sends what was added. `refused` gets each datagram that the system does not take at once. */
  send(refused: (address: Ipv4, port: number, bytes: Buffer) => void): void {
    const { headers, addresses, bytes } = this.#outgoing;
    const count = this.#waiting;
    this.#waiting = 0;
    for (let i = 0; i < count; ) {
      const sent = this.#libc.sendmmsg(this.#fd, headers.subarray(i * HEADER), count - i);
      i += Math.max(0, sent);
      if (i >= count) return;
      const start = i * SEND_SLOT;
      refused(
        addresses.readUInt32BE(i * SOCKADDR + ADDRESS),
        addresses.readUInt16BE(i * SOCKADDR + PORT),
        Buffer.from(bytes.subarray(start, start + this.#outgoing.lengthOf(i))),
      );
      i += 1;
    }
  }
}

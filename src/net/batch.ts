import { endianness } from 'node:os';
import type { Ipv4 } from './ipv4.js';
import { LINUX, type Libc } from './libc.js';

/** Datagrams that one call takes in or sends at most. */
const BATCH = 64;
/** Calls that one wake-up makes at most, so that what came can be answered before more is taken in. */
const CALLS = 4;
/** Datagrams that one wake-up takes in at most. */
export const TURN = BATCH * CALLS;
/** No UDP datagram is longer. */
const RECEIVE_SLOT = 65_536;
/** Longer answers go the slow way. */
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

/** What came in: the bytes are the receiver's own. */
export type Take = (bytes: Buffer, source: Ipv4, sourcePort: number) => void;

/**
 * The messages of one recvmmsg or sendmmsg: headers, addresses and room for the bytes, made once. Node's dgram makes several objects and one
 * system call for each datagram, which costs more than to answer it.
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

  /** Gives every message its whole room again; the kernel wrote how much it used. */
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

  /** The bytes of a message that came in, copied. */
  copy(i: number): Buffer {
    const start = i * this.#slot;
    return Buffer.from(this.bytes.subarray(start, start + this.headers.readUInt32LE(i * HEADER + LENGTH)));
  }
}

/** Takes in and sends many datagrams at a time on a socket that Node's dgram watches over. Never blocks. */
export class DatagramBatch {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #received: Messages;
  readonly #outgoing: Messages;
  #waiting = 0;

  /** @param fd stays its owner's */
  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
    this.#received = new Messages(libc, RECEIVE_SLOT);
    this.#outgoing = new Messages(libc, SEND_SLOT);
  }

  /** Takes in what waits in the socket, up to {@link TURN}. What the system says against it, dgram hears as well. */
  receive(take: Take): void {
    for (let call = 0; call < CALLS; call++) {
      this.#received.reset();
      const count = this.#libc.recvmmsg(this.#fd, this.#received.headers, BATCH);
      for (let i = 0; i < count; i++) {
        const { addresses } = this.#received;
        const source = addresses.readUInt32BE(i * SOCKADDR + ADDRESS);
        take(this.#received.copy(i), source, addresses.readUInt16BE(i * SOCKADDR + PORT));
      }
      if (count < BATCH) return;
    }
  }

  /** Keeps a datagram for {@link send}. False if it is too long, or there is no room: then it must go another way. */
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

  /** Sends what was added. Each that the system does not take at once is handed to `refused`, which finds out why. */
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

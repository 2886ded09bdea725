import { read, writeSync } from 'node:fs';
import { LINUX, type Libc, linkAddress, nativeInt } from '../../src/net/libc.js';

const SOCK_RAW = 3;
const ETH_P_ALL = 3;
const MAX_FRAME = 65_536;

/** Sends and receives the frames of one interface. Only for a program that does nothing else: waiting for a frame blocks a thread. */
export class LinkPort {
  readonly #fd: number;

  /** Needs CAP_NET_RAW; `onFrame` gets each frame that comes in. */
  constructor(libc: Libc, device: string, onFrame: (frame: Buffer) => void) {
    const place = linkAddress(libc.interfaceIndex(device), Buffer.alloc(0));
    place.writeUInt16BE(ETH_P_ALL, 2);
    this.#fd = libc.socket(LINUX.AF_PACKET, SOCK_RAW, 0);
    ignoreOutgoing(libc, this.#fd);
    libc.bind(this.#fd, place);
    this.#readNext(onFrame);
  }

  /** Sends a frame. One that cannot be sent (no cable in the port) is lost, as on any switch. */
  send(frame: Buffer): void {
    try {
      writeSync(this.#fd, frame);
    } catch {
      // Lost.
    }
  }

  #readNext(onFrame: (frame: Buffer) => void): void {
    read(this.#fd, Buffer.alloc(MAX_FRAME), 0, MAX_FRAME, null, (error, length, bytes) => {
      if (!error) onFrame(bytes.subarray(0, length));
      this.#readNext(onFrame);
    });
  }
}

/** PACKET_IGNORE_OUTGOING: what this host sends through the interface is not for the port. */
function ignoreOutgoing(libc: Libc, fd: number): void {
  const [SOL_PACKET, PACKET_IGNORE_OUTGOING] = [263, 23];
  libc.setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, nativeInt(1));
}

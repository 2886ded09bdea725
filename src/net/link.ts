import { LIMITED_BROADCAST } from './broadcast.js';
import type { Ipv4 } from './ipv4.js';
import { LINUX, type Libc, linkAddress } from './libc.js';
import { encodeUdpPacket } from './udp-packet.js';

const ETHERNET = 1;
const ETHERNET_BROADCAST = Buffer.alloc(6, 0xff);

/** A client on the interface's own link that has no address yet: its hardware address and the address offered to it. */
export interface LinkTarget {
  hwaddr: Uint8Array;
  /** Hardware type of ARP; 1 is Ethernet. */
  htype: number;
  yiaddr: Ipv4;
}

/** Sends UDP datagrams onto the link of one interface, to a given hardware address, without ARP or route. Needs CAP_NET_RAW. */
export class LinkSender {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #interfaceIndex: number;
  readonly #source: { source: Ipv4; sourcePort: number };

  /** @throws SystemCallError */
  constructor(libc: Libc, interfaceName: string, source: { source: Ipv4; sourcePort: number }) {
    this.#libc = libc;
    this.#source = source;
    this.#interfaceIndex = libc.interfaceIndex(interfaceName);
    // Protocol 0: the kernel hands no received packet to this socket.
    this.#fd = libc.socket(LINUX.AF_PACKET, LINUX.SOCK_DGRAM | LINUX.SOCK_CLOEXEC, 0);
  }

  /**
   * Sends to the target alone; to everyone on the link if asked to, or if the hardware address is not one of Ethernet.
   * Throws SystemCallError.
   */
  send(target: LinkTarget | 'broadcast', destinationPort: number, payload: Uint8Array): void {
    const alone = target !== 'broadcast' && target.htype === ETHERNET && target.hwaddr.length === 6;
    const destination = alone ? target.yiaddr : LIMITED_BROADCAST;
    const packet = encodeUdpPacket({ ...this.#source, destination, destinationPort, payload });
    const hwaddr = alone ? target.hwaddr : ETHERNET_BROADCAST;
    this.#libc.sendto(this.#fd, packet, LINUX.MSG_DONTWAIT, linkAddress(this.#interfaceIndex, hwaddr));
  }

  close(): void {
    this.#libc.close(this.#fd);
  }
}

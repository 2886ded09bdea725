import { createSocket, type Socket } from 'node:dgram';
import type { Ipv4 } from './ipv4.js';
import { inetAddress, LINUX, type Libc, linkAddress, nativeInt } from './libc.js';
import { bound } from './socket.js';
import { encodeUdpPacket } from './udp-packet.js';

/** 255.255.255.255. */
export const LIMITED_BROADCAST: Ipv4 = 0xffffffff;

const ETHERNET = 1;
const ETHERNET_BROADCAST = Buffer.alloc(6, 0xff);

/** A client on the interface's own link that has no address yet: its hardware address and the address it is to get. */
export interface LinkTarget {
  hwaddr: Uint8Array;
  /** Hardware type of ARP; 1 is Ethernet. */
  htype: number;
  yiaddr: Ipv4;
}

/**
 * Opens a UDP socket that hears the limited broadcasts of exactly one interface, which Node's dgram cannot do by
 * itself: the socket is made by hand and given to dgram, which closes it. Rejects with the system's error.
 */
export async function openBroadcastReceiver(libc: Libc, interfaceName: string, port: number): Promise<Socket> {
  const fd = libc.socket(LINUX.AF_INET, LINUX.SOCK_DGRAM | LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC, 0);
  const socket = createSocket('udp4');
  try {
    libc.setsockopt(fd, LINUX.SOL_SOCKET, LINUX.SO_BINDTODEVICE, Buffer.from(`${interfaceName}\0`));
    libc.setsockopt(fd, LINUX.SOL_SOCKET, LINUX.SO_BROADCAST, nativeInt(1));
    libc.bind(fd, inetAddress(LIMITED_BROADCAST, port));
    await bound(socket, () => socket.bind({ fd }));
  } catch (error) {
    libc.close(fd);
    socket.close();
    throw error;
  }
  return socket;
}

/**
 * Sends UDP datagrams straight onto one interface's link, to a hardware address of the caller's choice, with no ARP and
 * no route needed. Receives nothing. Needs CAP_NET_RAW.
 */
export class LinkSender {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #interfaceIndex: number;
  readonly #source: { source: Ipv4; sourcePort: number };

  /** Throws SystemCallError. */
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

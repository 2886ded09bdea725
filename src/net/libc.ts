import { endianness } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { Ipv4 } from './ipv4.js';

/** Numbers of the Linux system call interface (the same on every processor that Node runs on). */
export const LINUX = {
  AF_INET: 2,
  AF_PACKET: 17,
  SOCK_DGRAM: 2,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_BROADCAST: 6,
  SO_BINDTODEVICE: 25,
  MSG_DONTWAIT: 0x40,
  ETH_P_IP: 0x0800,
} as const;

/** A system call failed: `code` is the name of its errno (`EPERM`). */
export class SystemCallError extends Error {
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = getSystemErrorName(-errno);
    super(`${call}: ${code}`);
    this.name = 'SystemCallError';
    this.code = code;
  }
}

/**
 * Socket calls of the C library that Node does not offer. Each throws {@link SystemCallError} if the call fails. The caller closes the
 * file descriptors that it opens.
 */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array): void;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array): void;
  sendto(fd: number, bytes: Uint8Array, flags: number, address: Uint8Array): void;
  /** Reads at most `count` datagrams into `headers` (see batch.ts). Returns how many; 0 if none waits or the call fails. */
  recvmmsg(fd: number, headers: Uint8Array, count: number): number;
  /** Sends at most `count` datagrams. Returns how many were sent; 0 if the first could not be. */
  sendmmsg(fd: number, headers: Uint8Array, count: number): number;
  /** Memory address of the bytes. Valid as long as they are referenced. */
  addressOf(bytes: Uint8Array): bigint;
  /** The kernel's number for an interface. */
  interfaceIndex(name: string): number;
  close(fd: number): void;
}

let loaded: Promise<Libc> | undefined;

/** Opens the C library that this process already uses (glibc or musl), once. Rejects where that is impossible. */
export function loadLibc(): Promise<Libc> {
  loaded ??= openLibc();
  return loaded;
}

async function openLibc(): Promise<Libc> {
  if (process.platform !== 'linux') throw new Error(`the platform is ${process.platform}, not Linux`);
  const { default: koffi } = await import('koffi');
  const library = koffi.load(null);
  const socket = library.func('int socket(int domain, int type, int protocol)');
  const bind = library.func('int bind(int fd, const void *address, uint32_t length)');
  const setsockopt = library.func('int setsockopt(int fd, int level, int option, const void *value, uint32_t length)');
  const sendto = library.func(
    'intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint32_t addressLength)',
  );
  const recvmmsg = library.func('int recvmmsg(int fd, void *headers, uint32_t count, int flags, void *timeout)');
  const sendmmsg = library.func('int sendmmsg(int fd, void *headers, uint32_t count, int flags)');
  const nametoindex = library.func('uint32_t if_nametoindex(const char *name)');
  const close = library.func('int close(int fd)');
  const checked = (call: string, failed: number, result: number): number => {
    if (result === failed) throw new SystemCallError(call, koffi.errno());
    return result;
  };
  return {
    socket: (domain, type, protocol) => checked('socket', -1, socket(domain, type, protocol)),
    bind: (fd, address) => void checked('bind', -1, bind(fd, address, address.length)),
    setsockopt: (fd, level, option, value) =>
      void checked('setsockopt', -1, setsockopt(fd, level, option, value, value.length)),
    sendto: (fd, bytes, flags, address) =>
      void checked('sendto', -1, sendto(fd, bytes, bytes.length, flags, address, address.length)),
    recvmmsg: (fd, headers, count) => Math.max(0, recvmmsg(fd, headers, count, LINUX.MSG_DONTWAIT, null)),
    sendmmsg: (fd, headers, count) => Math.max(0, sendmmsg(fd, headers, count, LINUX.MSG_DONTWAIT)),
    addressOf: (bytes) => koffi.address(bytes),
    interfaceIndex: (name) => checked('if_nametoindex', 0, nametoindex(name)),
    close: (fd) => void checked('close', -1, close(fd)),
  };
}

const LITTLE = endianness() === 'LE';

/** A C `int`. */
export function nativeInt(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  if (LITTLE) bytes.writeInt32LE(value);
  else bytes.writeInt32BE(value);
  return bytes;
}

function nativeShort(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  if (LITTLE) bytes.writeUInt16LE(value);
  else bytes.writeUInt16BE(value);
  return bytes;
}

/** `struct sockaddr_in`: an IPv4 address and a UDP port. */
export function inetAddress(address: Ipv4, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  nativeShort(LINUX.AF_INET).copy(bytes);
  bytes.writeUInt16BE(port, 2);
  bytes.writeUInt32BE(address, 4);
  return bytes;
}

/** `struct sockaddr_ll`: where an IPv4 packet leaves and to which hardware address (at most 8 bytes). */
export function linkAddress(interfaceIndex: number, hwaddr: Uint8Array): Buffer {
  const bytes = Buffer.alloc(20);
  nativeShort(LINUX.AF_PACKET).copy(bytes);
  bytes.writeUInt16BE(LINUX.ETH_P_IP, 2);
  nativeInt(interfaceIndex).copy(bytes, 4);
  bytes[11] = hwaddr.length;
  bytes.set(hwaddr, 12);
  return bytes;
}

import { createSocket, type Socket } from 'node:dgram';
import { messageOf, UsageError } from '../base/errors.js';
import { formatIpv4, type Ipv4 } from './ipv4.js';
import { inetAddress, LINUX, type Libc } from './libc.js';

/** A socket that dgram owns and closes, and its file descriptor if that is known. */
export interface OpenSocket {
  readonly socket: Socket;
  readonly fd: number | undefined;
}

/**
 * Opens a UDP socket on one address, by hand if there is a C library.
 * @throws UsageError if it cannot listen there
 */
export async function openPlain(address: Ipv4, port: number, libc: Libc | undefined): Promise<OpenSocket> {
  try {
    const opened = libc ? await openByHand(libc, address, port) : await openByNode(address, port);
    opened.socket.setBroadcast(true);
    return opened;
  } catch (error) {
    throw bindError(error, address, port);
  }
}

/** Makes a socket by hand, which gives its file descriptor, and hands it to dgram. Rejects with the system's error. */
export async function openByHand(
  libc: Libc,
  address: Ipv4,
  port: number,
  prepare: (fd: number) => void = () => undefined,
): Promise<OpenSocket> {
  const fd = libc.socket(LINUX.AF_INET, LINUX.SOCK_DGRAM | LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC, 0);
  const socket = newSocket();
  try {
    prepare(fd);
    // No SO_REUSEADDR: a second server on this address must fail, not answer as well
    libc.bind(fd, inetAddress(address, port));
    await bound(socket, () => socket.bind({ fd }));
  } catch (error) {
    libc.close(fd);
    socket.close();
    throw error;
  }
  enlargeReceiveBuffer(socket);
  return { socket, fd };
}

async function openByNode(address: Ipv4, port: number): Promise<OpenSocket> {
  const socket = newSocket();
  try {
    await bound(socket, () => socket.bind({ address: formatIpv4(address), port, exclusive: true }));
  } catch (error) {
    socket.close();
    throw error;
  }
  enlargeReceiveBuffer(socket);
  return { socket, fd: undefined };
}

/** For dgram: destinations are always addresses, so no name is looked up. */
function newSocket(): Socket {
  return createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
}

function bindError(error: unknown, address: Ipv4, port: number): UsageError {
  const where = `${formatIpv4(address)} port ${port}`;
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return inUse(address, port);
    case 'EACCES':
    case 'EPERM':
      return new UsageError(`No permission to listen on ${where}`, {
        hint: 'run it as root or with CAP_NET_BIND_SERVICE and CAP_NET_RAW, or choose a port above 1023',
      });
    default:
      return new UsageError(`Cannot listen on ${where}: ${messageOf(error)}`, { cause: error });
  }
}

/** The error for an address and port that another socket uses. */
export function inUse(address: Ipv4, port: number): UsageError {
  return new UsageError(`Another program listens on ${formatIpv4(address)} port ${port}`, {
    hint: `stop the other DHCP server; "ss -lunp sport = :${port}" shows which one it is`,
  });
}

/** Resolves when a dgram socket is bound; rejects with the system's error. */
function bound(socket: Socket, bind: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('listening', () => {
      socket.off('error', reject);
      resolve();
    });
    bind();
  });
}

/** Bytes of received datagrams that may wait in the kernel, which grants at most net.core.rmem_max. */
const RECEIVE_BUFFER = 8 * 1024 * 1024;

/** Makes the receive buffer as large as the system allows, so that bursts are not lost. */
function enlargeReceiveBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER);
  } catch {
    // The default size works, too
  }
}

/** Closes a socket. Resolves when it is closed. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(resolve));
}

/** The code of a system error (`ENOBUFS`); `UNKNOWN` for any other value. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

import { createSocket, type Socket } from 'node:dgram';
import { messageOf, UsageError } from '../base/errors.js';
import { formatIpv4, type Ipv4 } from './ipv4.js';

/** Opens a UDP socket on one address. Rejects with UsageError if that cannot be listened on. */
export async function openPlain(address: Ipv4, port: number): Promise<Socket> {
  // Destinations are always addresses, so nothing is to be looked up.
  const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
  try {
    await bound(socket, () => socket.bind({ address: formatIpv4(address), port, exclusive: true }));
  } catch (error) {
    socket.close();
    throw bindError(error, address, port);
  }
  socket.setBroadcast(true);
  enlargeReceiveBuffer(socket);
  return socket;
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

/** The error for a port that another socket holds. */
export function inUse(address: Ipv4, port: number): UsageError {
  return new UsageError(`Another program listens on ${formatIpv4(address)} port ${port}`, {
    hint: `stop the other DHCP server; "ss -lunp sport = :${port}" shows which one it is`,
  });
}

/** Waits until a dgram socket is bound; rejects with the error that kept it from that. */
export function bound(socket: Socket, bind: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('listening', () => {
      socket.off('error', reject);
      resolve();
    });
    bind();
  });
}

/** Bytes of received datagrams that may wait in the kernel; it grants at most net.core.rmem_max. */
const RECEIVE_BUFFER = 8 * 1024 * 1024;

/** Lets as many datagrams wait as the system allows; where it allows none more, bursts are lost sooner. */
export function enlargeReceiveBuffer(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER);
  } catch {
    // The default size serves as well.
  }
}

/** Closes a socket and waits until it is. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(resolve));
}

/** The name of a system error (`ENOBUFS`), `UNKNOWN` for anything else that was thrown. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

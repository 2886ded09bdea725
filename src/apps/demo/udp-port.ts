import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { UsageError } from '../../base/errors.js';
import { formatIpv4, type Ipv4 } from '../../net/ipv4.js';

/** A UDP socket that returns its datagrams one by one. */
export interface UdpPort {
  readonly port: number;
  send(bytes: Uint8Array, address: Ipv4, port: number): void;
  /** The next datagram. Rejects if none comes in time. */
  next(timeoutMs: number): Promise<Buffer>;
  close(): void;
}

/**
 * Opens a UDP socket on a loopback address; port 0 takes a free one.
 * @throws UsageError where 127.0.0.0/8 is not all local
 */
export async function openUdp(address: Ipv4, port: number): Promise<UdpPort> {
  const socket = createSocket('udp4');
  const listening = once(socket, 'listening');
  socket.bind(port, formatIpv4(address));
  try {
    await listening;
  } catch (error) {
    throw new UsageError(`Cannot listen on ${formatIpv4(address)} port ${port}: ${(error as Error).message}`, {
      hint: 'the demonstration needs Linux, where all of 127.0.0.0/8 is local',
    });
  }
  return {
    port: socket.address().port,
    send: (bytes, to, toPort) => socket.send(bytes, toPort, formatIpv4(to)),
    next: async (timeoutMs) => {
      const [bytes] = (await once(socket, 'message', { signal: AbortSignal.timeout(timeoutMs) })) as [Buffer];
      return bytes;
    },
    close: () => socket.close(),
  };
}

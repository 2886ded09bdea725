import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, isIPv6, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { SyslogSettings } from './logger.js';

/** Most bytes that wait for a slow collector. Further lines are dropped, so that memory stays bounded. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** Pause between two attempts to connect. */
const RECONNECT_MILLIS = 1000;
/** How long closing waits for lines that are still on their way. */
const CLOSE_MILLIS = 2000;

/**
 * A stream that sends each chunk as one syslog message. It never ends with an error and never blocks: what cannot be sent
 * is reported to `onFault` and dropped, and the next message tries again.
 */
export function openSyslogStream(config: SyslogSettings, onFault: (error: Error) => void): Writable {
  const sender = config.protocol === 'udp' ? new UdpSender(config, onFault) : new TcpSender(config, onFault);
  return new Writable({
    decodeStrings: false,
    write: (message: string | Buffer, _encoding, done) => {
      sender.send(Buffer.from(message));
      done();
    },
    final: (done) => sender.close(done),
  });
}

/** RFC 5426: one message per datagram. */
class UdpSender {
  readonly #config: SyslogSettings;
  readonly #onFault: (error: Error) => void;
  readonly #socket: DatagramSocket;
  #waitingBytes = 0;
  #closed: (() => void) | undefined;

  constructor(config: SyslogSettings, onFault: (error: Error) => void) {
    this.#config = config;
    this.#onFault = onFault;
    this.#socket = createSocket(isIPv6(config.host) ? 'udp6' : 'udp4');
    this.#socket.on('error', onFault).unref();
  }

  send(message: Buffer): void {
    if (this.#waitingBytes + message.length > MAX_WAITING_BYTES) return;
    this.#waitingBytes += message.length;
    this.#socket.send(message, this.#config.port, this.#config.host, (error) => {
      this.#waitingBytes -= message.length;
      if (error) this.#onFault(error);
      if (this.#waitingBytes === 0) this.#closed?.();
    });
  }

  close(done: () => void): void {
    const timer = setTimeout(() => this.#closed?.(), CLOSE_MILLIS);
    this.#closed = () => {
      this.#closed = undefined;
      clearTimeout(timer);
      this.#socket.close(done);
    };
    if (this.#waitingBytes === 0) this.#closed();
  }
}

/** RFC 6587: octet counting for RFC 5424 messages, a line feed after RFC 3164 ones. Connects when there is something to send. */
class TcpSender {
  readonly #config: SyslogSettings;
  readonly #onFault: (error: Error) => void;
  #socket: Socket | undefined;
  #retryAt = 0;

  constructor(config: SyslogSettings, onFault: (error: Error) => void) {
    this.#config = config;
    this.#onFault = onFault;
  }

  send(message: Buffer): void {
    const socket = this.#socket ?? this.#connect();
    if (!socket || socket.writableLength + message.length > MAX_WAITING_BYTES) return;
    socket.write(
      this.#config.format === 'rfc5424'
        ? Buffer.concat([Buffer.from(`${message.length} `), message])
        : Buffer.concat([message, Buffer.from('\n')]),
    );
  }

  close(done: () => void): void {
    const socket = this.#socket;
    if (!socket) {
      done();
      return;
    }
    const timer = setTimeout(() => socket.destroy(), CLOSE_MILLIS);
    socket.once('close', () => {
      clearTimeout(timer);
      done();
    });
    socket.end(() => socket.destroy());
  }

  #connect(): Socket | undefined {
    const now = performance.now();
    if (now < this.#retryAt) return undefined;
    this.#retryAt = now + RECONNECT_MILLIS;
    const socket = connect({ host: this.#config.host, port: this.#config.port });
    socket.setKeepAlive(true).unref();
    socket.on('error', this.#onFault);
    socket.once('close', () => {
      this.#socket = undefined;
    });
    // A collector sends nothing; reading only notices its end.
    socket.resume();
    this.#socket = socket;
    return socket;
  }
}

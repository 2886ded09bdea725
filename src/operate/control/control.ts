import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { messageOf, UnreachableError, UsageError } from '../../base/errors.js';

/** What a running server can be asked: a command's name to what it returns (anything JSON can hold). */
export type ControlCommands = Readonly<Record<string, (argument: unknown) => unknown>>;

const TIMEOUT_MS = 5000;
/** Milliseconds after which the server closes a connection on which nobody asks. */
const IDLE_MS = 10_000;

/** Bytes that the name of a socket may have; what is longer would be cut off without a word. */
const LONGEST = process.platform === 'linux' ? 107 : 103;

/** The control socket of the server on this queue. */
export function controlPath(queueFile: string): string {
  return `${queueFile}.sock`;
}

/**
 * A Unix socket beside the queue file on which the server answers its operator: one JSON request a line, one JSON answer a line. Who may
 * open the file may ask; its mode is 0600. A request that is so old when it is read that nobody waits for its answer any more (`asked`) is not followed.
 */
export class ControlServer {
  readonly #server: Server;
  readonly #path: string;
  readonly #connections: ReadonlySet<Socket>;

  private constructor(server: Server, path: string, connections: ReadonlySet<Socket>) {
    this.#server = server;
    this.#path = path;
    this.#connections = connections;
  }

  /**
   * The caller holds the queue's lock, so a socket that is left there belongs to a server that has died.
   * @param idleMs after which a connection on which nobody asks is closed
   * @throws UsageError if it cannot be made there
   */
  static async open(path: string, commands: ControlCommands, idleMs = IDLE_MS): Promise<ControlServer> {
    const refusal = (why: string) =>
      new UsageError(`Control socket ${path} cannot be made: ${why}`, { hint: 'choose a shorter queue.file' });
    const length = Buffer.byteLength(path);
    if (length > LONGEST) throw refusal(`its path has ${length} bytes, and may have ${LONGEST}`);
    if (existsSync(path)) unlinkSync(path);
    const connections = new Set<Socket>();
    const server = createServer((socket) => {
      connections.add(socket);
      serve(socket, commands, idleMs);
      socket.on('close', () => connections.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(refusal(messageOf(error))));
      // The socket is made within the call; a moment with the rights of a loose umask would be enough to connect
      const before = process.umask(0o177);
      server.listen(path, resolve);
      process.umask(before);
    });
    chmodSync(path, 0o600);
    return new ControlServer(server, path, connections);
  }

  /** Cuts the connections that are open, for it would else wait for whoever holds them. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#connections) socket.destroy();
      if (existsSync(this.#path)) unlinkSync(this.#path);
    });
  }
}

function serve(socket: Socket, commands: ControlCommands, idleMs: number): void {
  socket.on('error', () => socket.destroy());
  socket.setTimeout(idleMs, () => socket.destroy());
  const lines = createInterface({ input: socket });
  // It passes on the socket's errors, which are seen to above
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(answer(line, commands))}\n`);
  });
}

function answer(line: string, commands: ControlCommands): { result?: unknown; error?: string } {
  try {
    const { command, argument, asked } = JSON.parse(line) as { command: string; argument?: unknown; asked?: number };
    // Whoever asked was told that it failed
    if (asked !== undefined && steadyMs() - asked >= TIMEOUT_MS) return { error: 'The command came too late' };
    const handler = Object.hasOwn(commands, command) ? commands[command] : undefined;
    return handler ? { result: handler(argument) } : { error: `Command "${command}" is not known` };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/**
 * Asks the server with this control socket. Undefined if none answers there.
 * @throws UnreachableError if it does not answer, UsageError if it refuses.
 */
export function askServer(path: string, command: string, argument?: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer within 5 s')));
    socket.on('error', (error) => {
      const code = (error as { code?: string }).code;
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(undefined);
      else reject(unanswered(path, error, code));
    });
    socket.on('close', () =>
      reject(new UnreachableError(`The server on ${path} closed the connection without an answer`)),
    );
    const lines = createInterface({ input: socket });
    // It passes on the socket's errors, which are told above
    lines.on('error', () => undefined);
    lines.once('line', (line) => {
      socket.end();
      const reply = JSON.parse(line) as { result?: unknown; error?: string };
      if (reply.error === undefined) resolve(reply.result);
      else reject(new UsageError(reply.error));
    });
    socket.write(`${JSON.stringify({ command, argument, asked: steadyMs() })}\n`);
  });
}

/** Milliseconds on the clock that never steps, and is the same for all processes of a machine. */
function steadyMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

function unanswered(path: string, error: Error, code: string | undefined): UnreachableError {
  const hint = code === 'EACCES' ? 'run this as the user that the server runs as, or as root' : undefined;
  return new UnreachableError(`The server does not answer on ${path}: ${messageOf(error)}`, {
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}

import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { messageOf, PortledgerError, UnreachableError, UsageError } from '../../base/errors.js';
import type { AnswerOf, CommandsOf, Contract, RequestOf } from './contract.js';

const TIMEOUT_MS = 5000;
/** Milliseconds after which the server closes an idle connection. */
const IDLE_MS = 10_000;

/** Longest path of a socket in bytes. The system would cut a longer one silently. */
const LONGEST = process.platform === 'linux' ? 107 : 103;

/** The control socket of the server on this queue. */
export function controlPath(queueFile: string): string {
  return `${queueFile}.sock`;
}

/** A request as it is sent: one line of JSON. `asked` is the time of {@link steadyMs}. */
interface Request {
  readonly command: string;
  readonly argument?: unknown;
  readonly asked?: number;
}

/** Why a request was not carried out. Otherwise it is the code of the PortledgerError that the command threw. */
type ControlCode = 'bad-request' | 'unknown-command' | 'too-late' | 'bad-answer' | 'fault';

/** An answer as it is sent: one line of JSON. */
type Reply =
  | { readonly result: unknown }
  | { readonly error: string; readonly code: ControlCode | (string & {}); readonly hint?: string };

/** The server did not carry out the command. `reason` is a stable code. */
export class ControlRefusal extends UsageError {
  override readonly code = 'control-refusal';
  readonly reason: string;

  constructor({ error, code, hint }: { error: string; code?: string; hint?: string }) {
    super(error, hint === undefined ? {} : { hint });
    this.reason = code ?? 'usage';
  }
}

/**
 * A Unix socket beside the queue file on which the server answers its operator. Whoever may open the file may ask; its mode is 0600. A
 * request older than {@link TIMEOUT_MS} is refused: its sender has given up.
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
   * Opens the socket. The caller has the queue's lock, so that an old socket there belongs to a dead server.
   * @param idleMs milliseconds after which an idle connection is closed
   * @throws UsageError if it cannot be made there
   */
  static async open<C extends Contract>(
    path: string,
    contract: C,
    commands: CommandsOf<C>,
    idleMs = IDLE_MS,
  ): Promise<ControlServer> {
    const answer = (line: string) => JSON.stringify(replyTo(line, contract, commands));
    const refusal = (why: string) =>
      new UsageError(`Control socket ${path} cannot be made: ${why}`, { hint: 'choose a shorter queue.file' });
    const length = Buffer.byteLength(path);
    if (length > LONGEST) throw refusal(`its path has ${length} bytes, and may have ${LONGEST}`);
    if (existsSync(path)) unlinkSync(path);
    const connections = new Set<Socket>();
    const server = createServer((socket) => {
      connections.add(socket);
      serve(socket, answer, idleMs);
      socket.on('close', () => connections.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(refusal(messageOf(error))));
      // listen() makes the file at once: a loose umask would let others connect before the chmod
      const before = process.umask(0o177);
      server.listen(path, resolve);
      process.umask(before);
    });
    chmodSync(path, 0o600);
    return new ControlServer(server, path, connections);
  }

  /** Closes the socket and cuts open connections, which would keep it open. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#connections) socket.destroy();
      if (existsSync(this.#path)) unlinkSync(this.#path);
    });
  }
}

function serve(socket: Socket, answer: (line: string) => string, idleMs: number): void {
  socket.on('error', () => socket.destroy());
  socket.setTimeout(idleMs, () => socket.destroy());
  const lines = createInterface({ input: socket });
  // It repeats the errors of the socket, which are handled above
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    if (!socket.destroyed) socket.write(`${answer(line)}\n`);
  });
}

/** Carries out one request. Never throws. */
function replyTo<C extends Contract>(line: string, contract: C, commands: CommandsOf<C>): Reply {
  const request = readRequest(line);
  if (!request) return { error: 'The request is not a command in JSON', code: 'bad-request' };
  const { command, argument, asked } = request;
  if (asked !== undefined && steadyMs() - asked >= TIMEOUT_MS)
    return { error: 'The command came too late', code: 'too-late' };
  if (!Object.hasOwn(contract, command)) {
    const hint = `this server knows ${Object.keys(contract).join(', ')}`;
    return { error: `Command "${command}" is not known`, code: 'unknown-command', hint };
  }
  const { request: shape, answer } = contract[command]!;
  const fault = shape.faultOf(argument, '');
  if (fault !== undefined) return { error: `Request of ${command}: ${fault}`, code: 'bad-request' };
  try {
    const result = commands[command]!(argument as RequestOf<C, typeof command>);
    const wrong = answer.faultOf(result, '');
    return wrong === undefined ? { result } : { error: `Answer to ${command}: ${wrong}`, code: 'bad-answer' };
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): Reply {
  if (!(error instanceof PortledgerError)) return { error: messageOf(error), code: 'fault' };
  const { code, hint } = error;
  return { error: messageOf(error), code, ...(hint !== undefined && { hint }) };
}

function readRequest(line: string): Request | undefined {
  const value = parsed(line);
  if (typeof value !== 'object' || value === null) return undefined;
  const { command, asked } = value as Partial<Record<keyof Request, unknown>>;
  const isRequest = typeof command === 'string' && (asked === undefined || typeof asked === 'number');
  return isRequest ? (value as Request) : undefined;
}

/** The value of JSON text; undefined if it is not JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * Asks the server with this control socket. Undefined if none answers there.
 * @throws UnreachableError if it does not answer or not by this contract, ControlRefusal if it refuses
 */
export function askServer<C extends Contract, N extends keyof C & string>(
  path: string,
  contract: C,
  command: N,
  ...[argument]: RequestOf<C, N> extends undefined ? [] : [RequestOf<C, N>]
): Promise<AnswerOf<C, N> | undefined> {
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
    // It repeats the errors of the socket, which are handled above
    lines.on('error', () => undefined);
    lines.once('line', (line) => {
      socket.end();
      try {
        resolve(answerIn(line, contract, command));
      } catch (error) {
        reject(error);
      }
    });
    socket.write(`${JSON.stringify({ command, argument, asked: steadyMs() } satisfies Request)}\n`);
  });
}

function answerIn<C extends Contract, N extends keyof C & string>(
  line: string,
  contract: C,
  command: N,
): AnswerOf<C, N> {
  const reply = (parsed(line) ?? {}) as { result?: unknown; error?: unknown; code?: string; hint?: string };
  const { error, result } = reply;
  if (typeof error === 'string') throw new ControlRefusal({ ...reply, error });
  const fault = contract[command]!.answer.faultOf(result, '');
  if (fault === undefined) return result as AnswerOf<C, N>;
  throw new UnreachableError(`The server's answer to ${command} cannot be read: ${fault}`, {
    hint: 'the server may be of another version than this command: restart it',
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

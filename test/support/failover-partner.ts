import { connect, type Socket } from 'node:net';
import { until } from '../../rig/lab/until.js';
import { MESSAGE, type MessageType, SERVER_STATE, type ServerState } from '../../src/protocol/failover/codes.js';
import { Framer } from '../../src/protocol/failover/framer.js';
import { decodeMessage, encodeMessage, type FailoverMessage } from '../../src/protocol/failover/message.js';
import type { OptionValues } from '../../src/protocol/failover/options.js';

/** Name and settings that a test partner announces. */
const GREETING = {
  'relationship-name': 'pair',
  'max-unacked-bndupd': 100,
  'receive-timer': 60,
  'vendor-class-identifier': 'test',
  'protocol-version': 1,
};

/** A secondary played by a test: it connects to a primary on loopback and sends what the test wants. */
export class TestPartner {
  /** Messages received, oldest first. */
  readonly received: FailoverMessage[] = [];
  readonly #socket: Socket;
  readonly #framer = new Framer();
  #xid = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      for (const frame of this.#framer.push(bytes)) this.#take(decodeMessage(frame));
    });
  }

  /** Accepts every update. */
  #take(message: FailoverMessage): void {
    this.received.push(message);
    if (message.type !== MESSAGE.BNDUPD) return;
    this.send(MESSAGE.BNDACK, { 'assigned-IP-address': message.options['assigned-IP-address']! }, message.xid);
  }

  /** Connects; resolves when the primary has sent its state. */
  static async connect(from: string, to: string, port: number): Promise<TestPartner> {
    const partner = await TestPartner.greet(from, to, port);
    await partner.waitFor(MESSAGE.STATE);
    return partner;
  }

  /** Connects with other CONNECT options; the primary decides what becomes of it. */
  static async greet(from: string, to: string, port: number, words: OptionValues = {}): Promise<TestPartner> {
    const partner = new TestPartner(connect({ host: to, port, localAddress: from }));
    const { xid } = await partner.waitFor(MESSAGE.CONNECT);
    partner.send(MESSAGE.CONNECTACK, { ...GREETING, ...words }, xid);
    return partner;
  }

  /** Brings both sides to NORMAL; the primary must have no leases either. */
  async reachNormal(): Promise<void> {
    this.tellState('RECOVER');
    this.send(MESSAGE.UPDREQALL, {});
    const { xid } = await this.waitFor(MESSAGE.UPDREQALL);
    this.send(MESSAGE.UPDDONE, {}, xid);
    await this.waitFor(MESSAGE.UPDDONE);
    this.tellState('RECOVER-DONE');
    await this.waitForState('NORMAL');
    this.tellState('NORMAL');
  }

  get isOpen(): boolean {
    return !this.#socket.closed;
  }

  /** Sends a message; an answer uses the xid of its request. Returns the xid. */
  send(type: MessageType, options: OptionValues, xid: number = ++this.#xid): number {
    this.#socket.write(encodeMessage({ type, time: Math.floor(Date.now() / 1000), xid, options }));
    return xid;
  }

  tellState(state: ServerState): void {
    const now = Math.floor(Date.now() / 1000);
    this.send(MESSAGE.STATE, { 'server-state': SERVER_STATE[state], 'server-flags': 0, 'start-time-of-state': now });
  }

  waitFor(type: MessageType, that: (message: FailoverMessage) => boolean = () => true): Promise<FailoverMessage> {
    return until(`message ${type}`, () => this.received.find((message) => message.type === type && that(message)));
  }

  waitForState(state: ServerState): Promise<FailoverMessage> {
    return this.waitFor(MESSAGE.STATE, ({ options }) => options['server-state'] === SERVER_STATE[state]);
  }

  close(): void {
    this.#socket.destroy();
  }
}

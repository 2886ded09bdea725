import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { UnreachableError, UsageError } from '../../../src/base/errors.js';
import { type CommandsOf, SERVER_CONTRACT } from '../../../src/operate/control/contract.js';
import { askServer, ControlServer } from '../../../src/operate/control/control.js';
import { anything, listOf, nothing, number, objectOf, optional, text } from '../../../src/operate/control/shape.js';

const CONTRACT = {
  echo: { request: anything, answer: objectOf({ argument: anything }) },
  sum: { request: objectOf({ numbers: listOf(number), unit: optional(text) }), answer: number },
  fail: { request: nothing, answer: nothing },
  break: { request: nothing, answer: nothing },
  lie: { request: nothing, answer: number },
} as const;

const COMMANDS: CommandsOf<typeof CONTRACT> = {
  echo: (argument) => ({ argument }),
  sum: ({ numbers }) => numbers.reduce((sum, one) => sum + one, 0),
  fail: () => {
    throw new UsageError('No such thing', { hint: 'try another' });
  },
  break: () => {
    throw new TypeError('a bug');
  },
  lie: () => 'no number' as unknown as number,
};

describe('The control socket', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portledger-control-'));
  const path = join(folder, 'a.sock');
  let server: ControlServer;
  before(async () => {
    writeFileSync(path, '', { flag: 'w' });
    server = await ControlServer.open(path, CONTRACT, COMMANDS);
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it('answers a command, and belongs to its owner alone', async () => {
    assert.deepEqual(await askServer(path, CONTRACT, 'echo', [1, 'two']), { argument: [1, 'two'] });
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('refuses what it does not know, and says what a command refused', async () => {
    const unknown = 'toString' as 'fail';
    await assert.rejects(askServer(path, { ...CONTRACT, [unknown]: CONTRACT.fail }, unknown), {
      name: 'ControlRefusal',
      reason: 'unknown-command',
      message: 'Command "toString" is not known',
      hint: 'this server knows echo, sum, fail, break, lie',
    });
    await assert.rejects(askServer(path, CONTRACT, 'fail'), {
      reason: 'usage',
      message: 'No such thing',
      hint: 'try another',
    });
    await assert.rejects(askServer(path, CONTRACT, 'break'), { reason: 'fault', message: 'a bug' });
  });

  it('checks requests and answers at its own end', async () => {
    assert.equal(await askServer(path, CONTRACT, 'sum', { numbers: [1, 2] }), 3);
    for (const [request, message] of [
      [{ numbers: [1, '2'] }, 'Request of sum: numbers[1] is not a number'],
      [{ numbers: 1 }, 'Request of sum: numbers is not a list'],
      [{}, 'Request of sum: numbers is not a list'],
      [{ numbers: [], unit: 5 }, 'Request of sum: unit is not a text'],
      [[], 'Request of sum: it is not an object'],
    ]) {
      await assert.rejects(askServer(path, CONTRACT, 'sum', request as never), { reason: 'bad-request', message });
    }
    await assert.rejects(askServer(path, CONTRACT, 'lie'), {
      reason: 'bad-answer',
      message: 'Answer to lie: it is not a number',
    });
  });

  it('says that the versions differ where the other end keeps another contract', async () => {
    const newer = { echo: { request: anything, answer: objectOf({ argument: text, more: number }) } };
    await assert.rejects(askServer(path, newer, 'echo', 'x'), {
      name: 'UnreachableError',
      message: "The server's answer to echo cannot be read: more is not a number",
      hint: /another version than this command: restart it/,
    });
  });

  it('answers any line with one answer or one refusal with a code (property)', async () => {
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          command: fc.oneof(fc.constantFrom(...Object.keys(CONTRACT)), fc.anything()),
          argument: fc.anything(),
          asked: fc.anything(),
        })
        .map((request) => JSON.stringify(request, (_, value) => (typeof value === 'bigint' ? 0 : value))),
    );
    await fc.assert(
      fc.asyncProperty(line, async (request) => {
        const socket = connect(path);
        socket.write(`${request.replaceAll(/[\r\n\u2028\u2029]/g, ' ')}\n`);
        const [said] = await once(socket, 'data');
        socket.destroy();
        const reply = JSON.parse(String(said)) as Record<string, unknown>;
        if ('error' in reply) assert.match(String(reply.code), /^[a-z]+(-[a-z]+)*$/);
        else assert.ok('result' in reply || Object.keys(reply).length === 0);
      }),
      { numRuns: 200 },
    );
    assert.deepEqual(await askServer(path, CONTRACT, 'echo', 1), { argument: 1 });
  });

  it('has a contract of which a failover command must be one of four', () => {
    const { request } = SERVER_CONTRACT['failover-command'];
    assert.equal(request.faultOf({ name: 'campus', command: 'pause' }, ''), undefined);
    assert.equal(request.faultOf({ command: 'pause' }, ''), undefined);
    const four = 'command is not one of partner-down, shutdown, pause, resume';
    for (const command of [undefined, 'partner-up', 7, {}]) assert.equal(request.faultOf({ command }, ''), four);
    assert.equal(request.faultOf({ name: 7, command: 'pause' }, ''), 'name is not a text');
  });

  it('does not follow a command that was asked for so long ago that nobody waits any more', async () => {
    const now = Number(process.hrtime.bigint() / 1_000_000n);
    for (const [asked, answer] of [
      [now - 5001, { error: 'The command came too late', code: 'too-late' }],
      [now - 1000, { result: { argument: 1 } }],
      [undefined, { result: { argument: 1 } }],
    ] as const) {
      const socket = connect(path);
      socket.write(`${JSON.stringify({ command: 'echo', argument: 1, asked })}\n`);
      const [said] = await once(socket, 'data');
      socket.destroy();
      assert.deepEqual(JSON.parse(said), answer);
    }
  });

  it('survives a line that is not a command', async () => {
    const socket = connect(path);
    socket.write('{"command"\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    assert.deepEqual(await askServer(path, CONTRACT, 'echo', 1), { argument: 1 });
  });

  it('is not made where the system would cut its path off', async () => {
    const long = join(folder, 'x'.repeat(120));
    await assert.rejects(ControlServer.open(long, CONTRACT, COMMANDS), {
      name: 'UsageError',
      message: /cannot be made: its path has \d+ bytes, and may have \d+$/,
    });
    assert.deepEqual(readdirSync(folder), ['a.sock']);
  });

  it('gives undefined if no server runs', async () => {
    assert.equal(await askServer(join(folder, 'none.sock'), CONTRACT, 'lie'), undefined);
  });

  it('gives undefined for the socket of a killed server', async () => {
    const stale = join(folder, 'stale.sock');
    const script = `require('node:net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    assert.ok(existsSync(stale));
    assert.equal(await askServer(stale, CONTRACT, 'lie'), undefined);
  });

  it('rejects where the connection is closed without an answer', async () => {
    const mute = join(folder, 'mute.sock');
    const closing = createServer((socket) => socket.end()).listen(mute);
    await once(closing, 'listening');
    await assert.rejects(askServer(mute, CONTRACT, 'lie'), UnreachableError);
    closing.close();
  });

  it('closes although somebody holds a connection open', async () => {
    const held = join(folder, 'held.sock');
    const holding = await ControlServer.open(held, CONTRACT, COMMANDS);
    const socket = connect(held).on('error', () => undefined);
    socket.write(`${JSON.stringify({ command: 'echo' })}\n`);
    await once(socket, 'data');
    const gone = once(socket, 'close');
    await holding.close();
    await gone;
  });

  it('closes a connection on which nobody asks', async () => {
    const idle = join(folder, 'idle.sock');
    const patient = await ControlServer.open(idle, {}, {}, 20);
    await once(connect(idle).resume(), 'close');
    await patient.close();
  });
});

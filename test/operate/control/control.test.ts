import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnreachableError, UsageError } from '../../../src/base/errors.js';
import { askServer, ControlServer } from '../../../src/operate/control/control.js';

describe('The control socket', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portledger-control-'));
  const path = join(folder, 'a.sock');
  let server: ControlServer;
  before(async () => {
    writeFileSync(path, '', { flag: 'w' });
    server = await ControlServer.open(path, {
      echo: (argument) => ({ argument }),
      fail: () => {
        throw new UsageError('No such thing');
      },
    });
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it('answers a command, and belongs to its owner alone', async () => {
    assert.deepEqual(await askServer(path, 'echo', [1, 'two']), { argument: [1, 'two'] });
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('refuses what it does not know, and says what a command refused', async () => {
    await assert.rejects(askServer(path, 'toString'), /Command "toString" is not known/);
    await assert.rejects(askServer(path, 'fail'), /No such thing/);
  });

  it('does not follow a command that was asked for so long ago that nobody waits any more', async () => {
    const now = Number(process.hrtime.bigint() / 1_000_000n);
    for (const [asked, answer] of [
      [now - 5001, { error: 'The command came too late' }],
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
    assert.deepEqual(await askServer(path, 'echo', 1), { argument: 1 });
  });

  it('is not made where the system would cut its path off', async () => {
    const long = join(folder, 'x'.repeat(120));
    await assert.rejects(ControlServer.open(long, {}), {
      name: 'UsageError',
      message: /cannot be made: its path has \d+ bytes, and may have \d+$/,
    });
    assert.deepEqual(readdirSync(folder), ['a.sock']);
  });

  it('tells by undefined that no server runs', async () => {
    assert.equal(await askServer(join(folder, 'none.sock'), 'echo'), undefined);
  });

  it('takes the socket of a server that was killed for no server', async () => {
    const stale = join(folder, 'stale.sock');
    const script = `require('node:net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    assert.ok(existsSync(stale));
    assert.equal(await askServer(stale, 'echo'), undefined);
  });

  it('rejects where the connection is closed without an answer', async () => {
    const mute = join(folder, 'mute.sock');
    const closing = createServer((socket) => socket.end()).listen(mute);
    await once(closing, 'listening');
    await assert.rejects(askServer(mute, 'echo'), UnreachableError);
    closing.close();
  });

  it('closes although somebody holds a connection open', async () => {
    const held = join(folder, 'held.sock');
    const holding = await ControlServer.open(held, { echo: (argument) => ({ argument }) });
    const socket = connect(held).on('error', () => undefined);
    socket.write(`${JSON.stringify({ command: 'echo' })}\n`);
    await once(socket, 'data');
    const gone = once(socket, 'close');
    await holding.close();
    await gone;
  });

  it('closes a connection on which nobody asks', async () => {
    const idle = join(folder, 'idle.sock');
    const patient = await ControlServer.open(idle, {}, 20);
    await once(connect(idle).resume(), 'close');
    await patient.close();
  });
});

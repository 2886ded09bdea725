import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { mock } from 'node:test';
import { UsageError } from '../../../src/base/errors.js';
import type { Clock, Micros } from '../../../src/base/time.js';
import { LogSystem } from '../../../src/operate/log/log-system.js';
import type { LogSettings, SyslogSettings } from '../../../src/operate/log/logger.js';

const SECOND = 1_000_000;
const READY = { name: 'dhcp-a', subnets: 1, listen: '198.18.0.1:67' };

class FakeClock implements Clock {
  time: Micros = Date.parse('2026-11-20T14:03:07.000Z') * 1000;

  now(): Micros {
    return this.time;
  }

  monotonic(): Micros {
    return this.time;
  }
}

class Captured extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

function config(changes: Partial<LogSettings> = {}): LogSettings {
  return { level: 'info', format: 'text', console: true, modules: {}, ...changes };
}

describe('The log', () => {
  let stderr: Captured;
  let clock: FakeClock;
  let folder: string;

  beforeEach(() => {
    stderr = new Captured();
    clock = new FakeClock();
    folder = mkdtempSync(join(tmpdir(), 'portledger-log-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('writes one line per message on the console', async () => {
    const log = new LogSystem(config(), { clock, stderr });
    log.module('server').log('server-ready', READY);
    await log.close();
    assert.deepEqual(stderr.lines, [
      '2026-11-20T14:03:07.000Z info  server server-ready: Server dhcp-a serves 1 subnets on 198.18.0.1:67',
    ]);
  });

  it('gives every module its own level', async () => {
    const log = new LogSystem(config({ level: 'error', modules: { queue: 'info' } }), { clock, stderr });
    assert.equal(log.module('server').isEnabled('server-ready'), false);
    assert.equal(log.module('queue').isEnabled('server-ready'), true);
    log.module('server').log('server-ready', READY);
    log.module('queue').log('server-ready', READY);
    log.module('server').log('config-fault', { fault: 'shown' });
    await log.close();
    assert.deepEqual(
      stderr.lines.map((line) => line.split(' ').slice(1, 4).join(' ')),
      ['info  queue', 'error server config-fault:'],
    );
  });

  it('takes over new levels while it runs', async () => {
    const log = new LogSystem(config({ level: 'error' }), { clock, stderr });
    const server = log.module('server');
    log.setLevels({ level: 'info', modules: { queue: 'error' } });
    assert.equal(server.isEnabled('server-ready'), true);
    assert.equal(log.module('queue').isEnabled('server-ready'), false);
    await log.close();
  });

  it('puts the common fields into every line', async () => {
    const log = new LogSystem(config({ format: 'json', fields: { server: 'dhcp-a' } }), { clock, stderr });
    log.module('cli').log('config-loaded', { file: '/etc/portledger.yaml' });
    await log.close();
    assert.deepEqual(JSON.parse(stderr.text).fields, { server: 'dhcp-a', file: '/etc/portledger.yaml' });
  });

  it('logs the first of a limited message at once and tells the others with the next after 10 seconds', async () => {
    const log = new LogSystem(config(), { clock, stderr });
    const server = log.module('server');
    server.limited('config-fault', { fault: 'first' });
    for (let i = 0; i < 41; i++) server.limited('config-fault', { fault: 'held back' });
    server.limited('config-loaded', { file: 'another id' });
    clock.time += 10 * SECOND - 1;
    server.limited('config-fault', { fault: 'still held back' });
    clock.time += 1;
    server.limited('config-fault', { fault: 'next' });
    await log.close();
    assert.deepEqual(
      stderr.lines.map((line) => line.replace(/^.* server /, '')),
      [
        'config-fault: first',
        'config-loaded: Configuration another id is in force',
        'config-fault: next suppressed=42',
      ],
    );
  });

  it('tells them when the 10 seconds are over if no next one comes, and holds back what follows', async () => {
    const timers = mock.timers;
    timers.enable({ apis: ['setTimeout'] });
    const pass = (seconds: number) => {
      clock.time += seconds * SECOND;
      timers.tick(seconds * 1000);
    };
    try {
      const log = new LogSystem(config(), { clock, stderr });
      const server = log.module('server');
      for (let i = 0; i < 3; i++) server.limited('config-fault', { fault: `number ${i}` });
      pass(4);
      for (const file of ['one', 'two']) server.limited('config-loaded', { file });
      pass(5);
      assert.equal(stderr.lines.length, 2);
      pass(1);
      assert.match(stderr.lines.at(-1)!, /config-fault: number 2 suppressed=1$/);
      server.limited('config-fault', { fault: 'held back again' });
      pass(10);
      assert.match(stderr.lines.slice(-2).join(), /config-fault: held back again,.*Configuration two is in force$/);
      assert.equal(stderr.lines.length, 5);
      timers.reset();
      await log.close();
      assert.equal(stderr.lines.length, 5);
    } finally {
      timers.reset();
    }
  });

  it('tells the suppressed messages at the end, when no next one came', async () => {
    const log = new LogSystem(config(), { clock, stderr });
    for (let i = 0; i < 3; i++) log.module('server').limited('config-fault', { fault: `number ${i}` });
    await log.close();
    assert.match(stderr.lines.at(-1)!, /config-fault: number 2 suppressed=1$/);
    assert.equal(stderr.lines.length, 2);
  });

  it('logs nothing and complains about nothing without a sink', async () => {
    const log = new LogSystem(config({ console: false }), { clock, stderr });
    log.module('server').log('server-ready', READY);
    await log.close();
    assert.equal(stderr.text, '');
  });

  it('can be closed twice and ignores what comes later', async () => {
    const log = new LogSystem(config(), { clock, stderr });
    await Promise.all([log.close(), log.close()]);
    log.module('server').log('server-ready', READY);
    assert.equal(stderr.text, '');
  });

  describe('in a file', () => {
    it('rotates by size, keeps so many files and loses no line of those', async () => {
      const path = join(folder, 'deep', 'portledger.log');
      const log = new LogSystem(config({ console: false, file: { path, maxSize: 2000, maxFiles: 3 } }), {
        clock,
        stderr,
      });
      for (let i = 0; i < 200; i++) {
        log.module('server').log('config-loaded', { file: `number ${i}` });
      }
      await log.close();
      const files = readdirSync(join(folder, 'deep')).sort();
      assert.deepEqual(files, ['portledger.log', 'portledger.log.1', 'portledger.log.2']);
      const text = ['portledger.log.2', 'portledger.log.1', 'portledger.log']
        .map((file) => readFileSync(join(folder, 'deep', file), 'utf8'))
        .join('');
      const numbers = [...text.matchAll(/number (\d+) is/g)].map((match) => Number(match[1]));
      assert.equal(numbers.at(-1), 199);
      assert.ok(numbers.length >= 40 && text.length < 3 * 2200, `${numbers.length} lines, ${text.length} bytes`);
      assert.deepEqual(
        numbers,
        numbers.map((_, i) => numbers[0]! + i),
      );
    });

    it('appends to a file that exists and keeps it from other users', async () => {
      const path = join(folder, 'portledger.log');
      for (const file of ['one', 'two']) {
        const log = new LogSystem(config({ console: false, file: { path, maxSize: 9999, maxFiles: 2 } }), {
          clock,
          stderr,
        });
        log.module('cli').log('config-loaded', { file });
        await log.close();
      }
      assert.deepEqual(
        [...readFileSync(path, 'utf8').matchAll(/Configuration (\w+)/g)].map((match) => match[1]),
        ['one', 'two'],
      );
      assert.equal(statSync(path).mode & 0o007, 0);
    });

    it('tells on stderr that the file failed, and opens it again after 10 seconds', async () => {
      mock.timers.enable({ apis: ['setTimeout'] });
      try {
        const path = join(folder, 'portledger.log');
        const log = new LogSystem(config({ console: false, file: { path, maxSize: 400, maxFiles: 2 } }), {
          clock,
          stderr,
        });
        // The stream renames files beside this thread: either may be gone just now.
        const written = (): string => {
          try {
            return readFileSync(path, 'utf8');
          } catch {
            return '';
          }
        };
        const logAfter = async (file: string, until: () => boolean): Promise<void> => {
          const deadline = Date.now() + 5000;
          log.module('cli').log('config-loaded', { file });
          while (!until() && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
        };
        await logAfter('before', () => written().includes('before'));
        mkdirSync(join(`${path}.1`, 'in the way'), { recursive: true });
        await logAfter('a line too many '.repeat(30), () => stderr.text !== '');
        assert.match(stderr.text, /log-sink-failed: Log lines cannot be written to file /);
        rmSync(`${path}.1`, { recursive: true });
        mock.timers.tick(10_000);
        await logAfter('after', () => written().includes('after'));
        assert.match(written(), /after is in force/);
        assert.equal(stderr.lines.length, 1);
        await log.close();
      } finally {
        mock.timers.reset();
      }
    });

    it('refuses at the start a file that cannot be written', () => {
      const path = join(folder, 'taken');
      mkdirSync(path);
      assert.throws(
        () => new LogSystem(config({ file: { path, maxSize: 1000, maxFiles: 2 } }), { clock, stderr }),
        (error) => error instanceof UsageError && error.message.includes(path) && error.hint !== undefined,
      );
    });
  });

  describe('over syslog', () => {
    function syslog(changes: Partial<SyslogSettings>): LogSettings {
      const defaults = {
        protocol: 'udp',
        host: '127.0.0.1',
        format: 'rfc5424',
        facility: 'daemon',
        appName: 'pl',
      } as const;
      return config({ console: false, syslog: { port: 0, ...defaults, ...changes } });
    }

    it('sends one datagram per message', async () => {
      const collector = createSocket('udp4').bind(0, '127.0.0.1');
      await once(collector, 'listening');
      const received: string[] = [];
      collector.on('message', (message) => received.push(message.toString()));
      const log = new LogSystem(syslog({ port: collector.address().port }), { clock, stderr });
      log.module('cli').log('config-loaded', { file: 'a' });
      await log.close();
      if (received.length === 0) await once(collector, 'message');
      collector.close();
      assert.equal(received.length, 1);
      assert.match(
        received[0]!,
        /^<30>1 \S+ \S+ pl \d+ config-loaded - cli config-loaded: Configuration a is in force$/,
      );
    });

    for (const [format, pattern] of [
      ['rfc5424', /^(\d+) <30>1 .* a is in force(\d+) <30>1 .* b is in force$/],
      ['rfc3164', /^<30>\w{3} .* a is in force\n<30>\w{3} .* b is in force\n$/],
    ] as const) {
      it(`frames ${format} messages on a TCP connection and sends all before it closes`, async () => {
        const collector = createServer();
        collector.listen(0, '127.0.0.1');
        await once(collector, 'listening');
        let text = '';
        const ended = new Promise<void>((resolve) => {
          collector.on('connection', (socket) => {
            socket.on('data', (chunk) => {
              text += chunk.toString();
            });
            socket.on('end', resolve);
          });
        });
        const { port } = collector.address() as AddressInfo;
        const log = new LogSystem(syslog({ protocol: 'tcp', port, format }), { clock, stderr });
        log.module('cli').log('config-loaded', { file: 'a' });
        log.module('cli').log('config-loaded', { file: 'b' });
        await log.close();
        await ended;
        collector.close();
        assert.match(text, pattern);
      });
    }

    it('tells once on stderr that a collector is away and goes on', async () => {
      const vacant = createServer().listen(0, '127.0.0.1');
      await once(vacant, 'listening');
      const { port } = vacant.address() as AddressInfo;
      vacant.close();
      await once(vacant, 'close');
      const log = new LogSystem(syslog({ protocol: 'tcp', port }), { clock, stderr });
      for (let i = 0; i < 3; i++) log.module('cli').log('config-loaded', { file: 'a' });
      await log.close();
      assert.equal(stderr.lines.length, 1);
      assert.match(
        stderr.text,
        /log log-sink-failed: Log lines cannot be written to syslog tcp 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
      );
    });
  });
});

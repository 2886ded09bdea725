import assert from 'node:assert/strict';
import fc from 'fast-check';
import { escapeControls, type LogRecord, renderJson, renderText } from '../../../src/operate/log/line.js';
import type { SyslogSettings } from '../../../src/operate/log/logger.js';
import { renderSyslog } from '../../../src/operate/log/syslog-line.js';

const AT = Date.parse('2026-11-20T14:03:07.123Z') * 1000 + 456;
const READY = { name: 'dhcp-a', subnets: 2, listen: ['198.18.0.1:67', 'eth1:67'] };

function record(fields: Record<string, unknown>): LogRecord {
  return { at: AT, level: 'info', module: 'server', id: 'server-ready', fields };
}

function syslog(changes: Partial<SyslogSettings>): SyslogSettings {
  return {
    protocol: 'udp',
    host: '127.0.0.1',
    port: 514,
    format: 'rfc5424',
    facility: 'daemon',
    appName: 'portledger',
    ...changes,
  };
}

describe('A line of the log', () => {
  it('is time, level, module, id, text and the remaining fields', () => {
    assert.equal(
      renderText(record({ ...READY, queue: 'q1', note: 'two words', gone: undefined, nothing: null, empty: '' })),
      '2026-11-20T14:03:07.123Z info  server server-ready: Server dhcp-a serves 2 subnets on 198.18.0.1:67, eth1:67' +
        ' queue=q1 note="two words" nothing=null empty=""',
    );
  });

  it('shows a missing field of the text as a question mark', () => {
    assert.match(renderText(record({ name: 'a' })), /Server a serves \? subnets on \?$/);
  });

  it('shows bytes as text or hex, errors by their message, dates in ISO form', () => {
    const line = renderText(
      record({
        ...READY,
        port: Buffer.from('Gi1/0/7'),
        raw: Buffer.from([0, 1]),
        error: new Error('one\n  two'),
        since: new Date(0),
        many: { a: [1n] },
      }),
    );
    assert.ok(
      line.endsWith(
        'port=Gi1/0/7 raw=0x0001 error="one two" since=1970-01-01T00:00:00.000Z many="{\\"a\\":[\\"1\\"]}"',
      ),
      line,
    );
  });

  it('cannot be ended, coloured or turned around by a field', () => {
    const line = renderText(
      record({ ...READY, name: 'a\n2026 error forged', hostname: '\u001b[2J\u202egnp.exe\u0085', 'k\ney': 1 }),
    );
    assert.ok(!/[\p{C}\p{Zl}\p{Zp}]/u.test(line), line);
    assert.ok(line.includes('Server a\\x0a2026 error forged serves'), line);
    assert.ok(line.includes('hostname=\\x1b[2J\\u{202e}gnp.exe\\x85 k\\x0aey=1'), line);
  });

  it('keeps a field with an equals sign or a quote apart from the next field', () => {
    assert.ok(renderText(record({ ...READY, a: 'x=1', b: 'say "no"' })).endsWith(' a="x=1" b="say \\"no\\""'));
  });

  it('cuts a value that fills the disk', () => {
    assert.ok(renderText(record({ ...READY, junk: 'x'.repeat(70_000) })).length < 2300);
  });

  it('survives fields that throw, and cycles', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const hostile = {
      get boom(): string {
        throw new Error('no');
      },
    };
    assert.match(renderText(record({ ...READY, cycle, hostile })), /cycle=.*too deep.* hostile=\(unreadable\)$/);
  });

  it('is one object of JSON with typed fields', () => {
    const line = renderJson(record({ ...READY, raw: Buffer.from([255]), odd: '\u007f\u202e\n' }));
    assert.deepEqual(JSON.parse(line), {
      time: '2026-11-20T14:03:07.123Z',
      level: 'info',
      module: 'server',
      id: 'server-ready',
      message: 'Server dhcp-a serves 2 subnets on 198.18.0.1:67, eth1:67',
      fields: { ...READY, raw: '0xff', odd: '\u007f\u202e\n' },
    });
    assert.ok(!/[\p{C}\p{Zl}\p{Zp}]/u.test(line), line);
  });

  it('never holds an invisible character, whatever the field (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, key) => {
        const noisy = record({ name: value, [key]: value });
        for (const line of [renderText(noisy), renderJson(noisy), escapeControls(value)]) {
          assert.ok(!/[\p{C}\p{Zl}\p{Zp}]/u.test(line), JSON.stringify(line));
        }
        assert.equal(JSON.parse(renderJson(noisy)).fields[key], value);
      }),
    );
  });
});

describe('A syslog message', () => {
  it('has priority, version, time, program and message id of RFC 5424', () => {
    assert.match(
      renderSyslog(record(READY), syslog({ facility: 'local3' })).toString(),
      /^<158>1 2026-11-20T14:03:07\.123Z \S+ portledger \d+ server-ready - server server-ready: Server dhcp-a serves 2/,
    );
  });

  it('has the shorter header of RFC 3164', () => {
    assert.match(
      renderSyslog({ ...record(READY), level: 'error' }, syslog({ format: 'rfc3164' })).toString(),
      /^<27>Nov (20|21) \d\d:\d\d:07 \S+ portledger\[\d+\]: server server-ready: Server dhcp-a/,
    );
  });

  it('is cut between characters at the length its format allows', () => {
    const long = record({ ...READY, a: 'ü'.repeat(1999), b: 'ü'.repeat(1999), c: 'ü'.repeat(1999) });
    for (const [format, max] of [
      ['rfc3164', 1024],
      ['rfc5424', 8192],
    ] as const) {
      const bytes = renderSyslog(long, syslog({ format }));
      assert.ok(bytes.length <= max && bytes.length >= max - 1, `${format}: ${bytes.length}`);
      assert.ok(!bytes.toString('utf8').includes('\ufffd'));
    }
  });
});

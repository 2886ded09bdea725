import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, PortledgerError, UnreachableError, UsageError } from '../../src/base/errors.js';
import { TrailGoneError } from '../../src/trail/store/errors.js';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));
/** A class and what stands between its braces up to the first line that is no property. */
const CLASS = /class (\w+) extends (\w+) \{([^}]*)/g;
const CODE = /readonly code(?:: string)? = '([^']*)'/;

/** Every class that extends PortledgerError, with the code that its own body states. */
function errorClasses(): Map<string, string | undefined> {
  const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const classes = sources.flatMap((file) => [...readFileSync(join(SRC, file), 'utf8').matchAll(CLASS)]);
  const ours = new Set(['PortledgerError']);
  // A class may stand in a file that is read before that of its base.
  for (let before = 0; before !== ours.size; ) {
    before = ours.size;
    for (const [, name, base] of classes) if (ours.has(base!)) ours.add(name!);
  }
  const own = classes.filter(([, name]) => ours.has(name!));
  return new Map(own.map(([, name, , body]) => [name!, CODE.exec(body!)?.[1]]));
}

describe('The codes of errors', () => {
  it('are stated by each class of errors', () => {
    const classes = errorClasses();
    assert.ok(classes.has('TrailGoneError') && classes.has('ConfigError'), 'the search finds them');
    for (const [name, code] of classes) assert.match(code ?? '', /^[a-z]+(-[a-z]+)*$/, name);
  });

  it('name one class only', () => {
    const codes = [...errorClasses().values()];
    assert.deepEqual(
      codes.filter((code, i) => codes.indexOf(code) !== i),
      [],
    );
  });

  it('are those of the instance', () => {
    assert.equal(new PortledgerError('x').code, 'portledger');
    assert.equal(new UsageError('x').code, 'usage');
    assert.equal(new UnreachableError('x').code, 'unreachable');
    assert.equal(new TrailGoneError('x').code, 'trail-gone');
  });
});

describe('The message of anything thrown', () => {
  it('is one line', () => {
    assert.equal(messageOf(new Error('first\n  second')), 'first second');
    assert.equal(messageOf(new TypeError('')), 'TypeError');
    assert.equal(messageOf('thrown text'), 'thrown text');
  });
});

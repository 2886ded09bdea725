import assert from 'node:assert/strict';
import { hasColours, printableNote, tableLook } from '../../../src/apps/cli/terminal.js';

const TERMINAL = { isTTY: true, columns: 100 };
const PIPE = {};

describe('width of tables', () => {
  const width = (wide: boolean, stream: object, env: NodeJS.ProcessEnv) => tableLook(wide, stream, env).width;

  it('is that of the terminal, and unlimited for a file or a pipe', () => {
    assert.equal(width(false, TERMINAL, {}), 100);
    assert.equal(width(false, PIPE, {}), Number.POSITIVE_INFINITY);
    assert.equal(width(false, { isTTY: true, columns: 0 }, {}), Number.POSITIVE_INFINITY);
  });

  it('is COLUMNS where it is a number, and unlimited with --wide', () => {
    assert.equal(width(false, TERMINAL, { COLUMNS: '60' }), 60);
    assert.equal(width(false, PIPE, { COLUMNS: '60' }), 60);
    for (const COLUMNS of ['', '0', '-1', 'many', '1e3']) assert.equal(width(false, TERMINAL, { COLUMNS }), 100);
    assert.equal(width(true, TERMINAL, { COLUMNS: '60' }), Number.POSITIVE_INFINITY);
  });
});

describe('colours', () => {
  it('are for terminals', () => {
    assert.equal(hasColours(TERMINAL, {}), true);
    assert.equal(hasColours(PIPE, {}), false);
    assert.equal(hasColours(TERMINAL, { TERM: 'dumb' }), false);
  });

  it('obey NO_COLOR and FORCE_COLOR', () => {
    assert.equal(hasColours(TERMINAL, { NO_COLOR: '1' }), false);
    assert.equal(hasColours(TERMINAL, { NO_COLOR: '' }), true);
    for (const FORCE_COLOR of ['', '1', 'true', '3']) assert.equal(hasColours(PIPE, { FORCE_COLOR }), true);
    for (const FORCE_COLOR of ['0', 'false']) assert.equal(hasColours(TERMINAL, { FORCE_COLOR }), false);
    assert.equal(hasColours(PIPE, { FORCE_COLOR: '1', NO_COLOR: '1' }), true);
  });

  it('are on the titles of a table and the severity of a note, nowhere else', () => {
    assert.equal(tableLook(false, PIPE, {}).title, undefined);
    assert.equal(tableLook(false, TERMINAL, {}).title!('IP'), '\u001b[1mIP\u001b[22m');
    const note = { code: 'gap', severity: 'warning', text: 'no evidence \u001b[31m' } as const;
    assert.equal(printableNote(note, PIPE, {}), 'warning: no evidence \\x1b[31m\n');
    assert.equal(printableNote(note, TERMINAL, {}), '\u001b[33mwarning:\u001b[39m no evidence \\x1b[31m\n');
    assert.equal(printableNote({ ...note, severity: 'result' }, TERMINAL, {}), 'no evidence \\x1b[31m\n');
  });
});

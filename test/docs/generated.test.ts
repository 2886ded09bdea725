import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationPage } from '../../src/config/reference.js';
import { messagesPage } from '../../src/operate/log/catalogue.js';
import { ROOT } from '../support/pages.js';

describe('Generated pages', function () {
  this.timeout(30_000);

  for (const [page, render] of Object.entries({
    'docs/configuration.md': configurationPage,
    'docs/messages.md': messagesPage,
  })) {
    it(`${page} is what npm run docs writes`, () => {
      assert.equal(readFileSync(join(ROOT, page), 'utf8'), render(), 'run npm run docs');
    });
  }

  it('npm run docs -- --check says so', () => {
    const { status, stderr } = spawnSync('npm', ['run', '--silent', 'docs', '--', '--check'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });
});

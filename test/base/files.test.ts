import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '../../src/base/files.js';
import { QueueReader } from '../../src/ledger/queue/reader.js';
import { makeTempDir, removeTempDir } from '../support/temp.js';

const NOBODY = 65_534;

/** Does it as a user for whom rights count. */
function asNobody<T>(act: () => T): T {
  if (process.getuid!() !== 0) return act();
  process.seteuid!(NOBODY);
  try {
    return act();
  } finally {
    process.seteuid!(0);
  }
}

describe('A file', () => {
  let folder: string;

  beforeEach(() => {
    folder = makeTempDir();
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'closed'));
    writeFileSync(join(folder, 'closed', 'file'), '');
    chmodSync(join(folder, 'closed'), 0);
  });

  afterEach(() => {
    chmodSync(join(folder, 'closed'), 0o700);
    removeTempDir(folder);
  });

  it('is missing only if that can be seen', () => {
    assert.equal(isMissing(join(folder, 'none')), true);
    assert.equal(isMissing(join(folder, 'none', 'file')), true);
    assert.equal(
      asNobody(() => isMissing(join(folder, 'closed', 'file'))),
      false,
    );
  });

  it('that is a queue behind a closed folder is not said to be missing', () => {
    const open = () => asNobody(() => QueueReader.open(join(folder, 'closed', 'file')));
    assert.throws(open, {
      message: /cannot be read/,
      hint: /run this as the user that the server runs as, or as root/,
    });
  });
});

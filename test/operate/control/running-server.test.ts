import assert from 'node:assert/strict';
import { join } from 'node:path';
import { askRunningServer } from '../../../src/apps/cli/running-server.js';
import { UnreachableError } from '../../../src/base/errors.js';
import { acquireLock, isLocked, ownerLockPath } from '../../../src/ledger/queue/lock.js';
import { SERVER_CONTRACT } from '../../../src/operate/control/contract.js';
import { ControlServer, controlPath } from '../../../src/operate/control/control.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const CONTRACT = { 'rotate-key': SERVER_CONTRACT['rotate-key'] };

describe('A command for the server on a queue', () => {
  const folder = makeTempDir();
  const file = join(folder, 'dhcp.queue');
  after(() => removeTempDir(folder));

  it('is told that none runs, and not that where one runs whose control socket is gone', async () => {
    assert.equal(isLocked(ownerLockPath(file)), false);
    assert.equal(await askRunningServer(file, 'rotate-key'), undefined);
    const lock = acquireLock(ownerLockPath(file), 'server');
    assert.equal(isLocked(ownerLockPath(file)), true);
    const control = await ControlServer.open(controlPath(file), CONTRACT, {
      'rotate-key': () => ({ key: 'new', by: 'old' }),
    });
    assert.deepEqual(await askRunningServer(file, 'rotate-key'), { key: 'new', by: 'old' });
    await control.close();
    await assert.rejects(askRunningServer(file, 'rotate-key'), UnreachableError);
    lock.release();
    assert.equal(isLocked(ownerLockPath(file)), false);
    assert.equal(await askRunningServer(file, 'rotate-key'), undefined);
  });
});

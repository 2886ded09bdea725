import assert from 'node:assert/strict';
import { join } from 'node:path';
import { unpack } from '../../../src/server/leases/packed.js';
import { replaceServerQueue } from '../../../src/server/store/replace.js';
import { ServerStore } from '../../../src/server/store/server-store.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { draft, NOON, SECOND } from '../../trail/store/campus.js';

const LEASE = {
  address: 0x0a000007,
  state: 'active' as const,
  client: 'c',
  htype: 1,
  hwaddr: 'abcdef',
  clientId: null,
  hostname: null,
  start: NOON,
  renewed: NOON,
  end: NOON + 100 * SECOND,
  due: NOON + 100 * SECOND,
  port: null,
};

describe("A new queue in place of a server's", () => {
  let folder: string;

  beforeEach(() => {
    folder = makeTempDir();
  });

  afterEach(() => removeTempDir(folder));

  it('has the leases', () => {
    const file = join(folder, 'a.queue');
    const old = ServerStore.open(file, 'dhcp-a', NOON);
    old.commit({ events: [draft('granted')], leases: [LEASE] }, NOON, false);
    old.close();
    const { from, to, unshipped } = replaceServerQueue(file, NOON + 60 * SECOND);
    assert.deepEqual([from, unshipped], [old.queue.uuid, 1]);
    const store = ServerStore.open(file, 'dhcp-a', NOON + 70 * SECOND);
    assert.deepEqual([store.queue.uuid, store.queue.sequence], [to, 0]);
    assert.deepEqual(Array.from(store.packedLeases(), unpack), [LEASE]);
    store.close();
  });
});

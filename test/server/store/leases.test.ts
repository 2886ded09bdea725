import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import { QueueReader } from '../../../src/ledger/queue/reader.js';
import { LEASE_STATES, type Lease } from '../../../src/server/leases/lease.js';
import { unpack } from '../../../src/server/leases/packed.js';
import { leasesOf, ServerStore } from '../../../src/server/store/server-store.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const latin1 = (minLength: number) =>
  fc.uint8Array({ minLength, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const time = fc.nat({ max: Number.MAX_SAFE_INTEGER });

const anyLease = fc
  .record({
    address: fc.nat({ max: 0xffffffff }),
    state: fc.constantFrom(...LEASE_STATES),
    client: latin1(1),
    htype: fc.nat({ max: 255 }),
    hwaddr: latin1(0),
    clientId: fc.option(latin1(0)),
    hostname: fc.option(latin1(0)),
    start: time,
    renewed: time,
    end: time,
    port: fc.option(fc.record({ giaddr: fc.nat({ max: 0xffffffff }), option82: latin1(0) }, { noNullPrototype: true })),
  })
  .map((lease): Lease => ({ ...lease, due: lease.end }));

describe('The leases of a queue', () => {
  let folder: string;

  beforeEach(() => {
    folder = makeTempDir();
  });

  afterEach(() => removeTempDir(folder));

  it('are read as they were stored, ordered by address, however many there are', function () {
    this.timeout(30_000);
    const many = fc.uniqueArray(anyLease, { minLength: 2500, maxLength: 2500, selector: ({ address }) => address });
    const file = join(folder, 'the.queue');
    const store = ServerStore.open(file, 'dhcp-a', 0);
    const leases = fc.sample(many, 1)[0]!;
    store.commit({ events: [], leases }, 0);
    const expected = leases.toSorted((a, b) => a.address - b.address);
    assert.deepEqual(Array.from(store.packedLeases(), unpack), expected);
    const reader = QueueReader.open(file);
    assert.deepEqual([...leasesOf(reader)], expected);
    reader.close();
    store.close();
  });
});

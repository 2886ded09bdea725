import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from '../../../rig/lab/program.js';
import { onEveryDatabase } from '../../../rig/lab/trails.js';
import { SHIP_STEPS, type ShipStep } from '../../../src/trail/store/steps.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';
import { assertShipped, fillQueue, shipperOf } from './stage.js';

const CHILD = fileURLToPath(new URL('dying-shipper.ts', import.meta.url));
const EVENTS = 45;
/** The batch in which it dies; each has 10 events. */
const BATCH = 2;

/** Events in the trail after a death at that step of the second batch. */
function shippedBefore(step: ShipStep): number {
  return step === 'committed' || step === 'noted' ? 20 : 10;
}

onEveryDatabase('P2: a shipper killed', (current) => {
  let folder: string;

  beforeEach(() => {
    folder = makeTempDir();
  });

  afterEach(() => removeTempDir(folder));

  for (const step of SHIP_STEPS) {
    it(`after step ${step} neither loses nor doubles anything`, async function () {
      this.timeout(60_000);
      const { url, trail } = current();
      const file = fillQueue(folder, EVENTS);
      const command = [process.execPath, '--import', 'tsx', CHILD, file, url, step, `${BATCH}`];
      // Node looks for tsx from where it runs.
      const child = new Program(command, { cwd: dirname(CHILD) });
      assert.equal((await child.ended).signal, 'SIGKILL', child.output);
      const before = shippedBefore(step);
      // The database may still hold the dead one's transaction for a moment; what counts is what is committed.
      assert.deepEqual(await trail.knex('events').count({ count: '*' }), [{ count: before }]);
      assert.equal(await shipperOf(file, url).shipper.run(), EVENTS - before);
      await assertShipped(file, url);
    });
  }
});

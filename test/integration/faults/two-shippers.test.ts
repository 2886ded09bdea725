import { ENGINES, SERVER_DATABASES } from '../../../rig/lab/database-engines.js';
import { requires } from '../../../rig/lab/requirements.js';
import { checkSightings, shipAll } from '../../../rig/lab/shipped-trail.js';
import { makeTrail } from '../../../rig/lab/trails.js';
import { type Sharing, workload } from '../../../rig/lab/workload.js';

const NIGHTLY = process.env.PORTLEDGER_SIZE === 'nightly';
const EVENTS = NIGHTLY ? 100_000 : 6000;
const QUEUES = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];

for (const database of SERVER_DATABASES) {
  describe(`Two shippers with ${EVENTS} events each about the same addresses, started together on ${database}`, function () {
    this.timeout(NIGHTLY ? 600_000 : 60_000);

    before(function () {
      requires(this, ENGINES[database].requirement);
    });

    for (const sharing of ['roaming', 'rivals'] as const satisfies Sharing[]) {
      it(`meet no deadlock, and leave the right sightings (${sharing})`, async () => {
        const trail = await makeTrail(database);
        const queues = QUEUES.map((queue, i) => {
          const times = { step: 2000, offset: i * 1000 };
          return [
            ...workload({ queue, server: `dhcp-${i}`, events: EVENTS, addresses: EVENTS / 50, sharing, ...times }),
          ];
        });
        await Promise.all(queues.map((events) => shipAll(trail.url, events)));
        await checkSightings(trail.url, queues.flat());
        await trail.drop();
      });
    }
  });
}

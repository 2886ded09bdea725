import assert from 'node:assert/strict';
import { until } from '../../../rig/lab/until.js';
import { parseIpv4 } from '../../../src/net/ipv4.js';
import type { Input } from '../../../src/server/failover/api.js';
import { FailoverSockets } from '../../../src/server/pair/sockets.js';
import type { RelationshipSettings } from '../../../src/server/settings.js';
import { TestLogger } from '../../support/lab.js';

/** A loopback address cannot reach it, and the system says so with the local port, another one each time. */
const UNREACHABLE = '198.18.0.3';

describe('The sockets of a failover pair', () => {
  it('tell an unreachable partner again only if the cause changes', async () => {
    const logger = new TestLogger();
    const inputs: Input[] = [];
    const sockets = new FailoverSockets((_name, input) => inputs.push(input), logger);
    const relationship = {
      name: 'pair',
      address: parseIpv4('127.66.48.1'),
      peerAddress: parseIpv4(UNREACHABLE),
      peerPort: 647,
    } as RelationshipSettings;
    const faults: (string | undefined)[] = [];
    for (const peerAddress of [UNREACHABLE, UNREACHABLE, '127.66.48.2']) {
      const before = inputs.length;
      sockets.perform({ ...relationship, peerAddress: parseIpv4(peerAddress) }, { type: 'dial' });
      await until('the end of a dial', () => inputs.length > before);
      faults.push(sockets.faultOf('pair'));
    }
    assert.match(faults[0]!, /^connect E\w+ 198\.18\.0\.3:647 - Local \(127\.66\.48\.1:\d+\)$/);
    assert.notEqual(faults[0], faults[1]);
    assert.deepEqual(
      logger.lines.map(({ id, fields }) => [id, fields.error]),
      [
        ['failover-unreachable', faults[0]],
        ['failover-unreachable', faults[2]],
      ],
    );
    assert.match(faults[2]!, /ECONNREFUSED/);
    await sockets.close();
  });
});

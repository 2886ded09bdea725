import assert from 'node:assert/strict';
import { formatRange } from '../../src/config/addresses.js';
import { forgeablePools } from '../../src/config/forgeable.js';
import { load, server, subnet } from './support.js';

function forgeable(trustedRelays: unknown): string[] {
  const subnets = [subnet({ pools: ['198.18.16.0-198.18.16.255', '198.18.32.0-198.18.32.9'] })];
  const config = load(server({ subnets, ...(trustedRelays === undefined ? {} : { 'trusted-relays': trustedRelays }) }));
  return forgeablePools(config.server!).map(formatRange);
}

describe('Pools from which Option 82 could be forged', () => {
  it('are those with a trusted address', () => {
    assert.deepEqual(forgeable(['198.18.32.9']), ['198.18.32.0-198.18.32.9']);
    assert.deepEqual(forgeable(['198.18.0.0/24', '198.18.16.255', '198.18.32.10']), ['198.18.16.0-198.18.16.255']);
  });

  it('are none where relays have addresses of their own, or none is trusted', () => {
    assert.deepEqual(forgeable(['198.18.0.0/24', '198.18.15.255', '198.18.17.0']), []);
    assert.deepEqual(forgeable(undefined), []);
  });

  it('are all where every sender or the whole subnet is trusted', () => {
    assert.equal(forgeable('any').length, 2);
    assert.equal(forgeable(['198.18.0.0/16']).length, 2);
  });
});

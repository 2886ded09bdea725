import assert from 'node:assert/strict';
import { ClockDifference } from '../../../src/server/failover/clock-difference.js';
import { SECOND } from './peer.js';

/** What is measured after readings of [seconds, ahead]. */
function measured(...readings: [number, number][]): number {
  const clock = new ClockDifference(60);
  for (const [at, ahead] of readings) clock.note(ahead, at * SECOND);
  return clock.ahead;
}

describe('the difference of the clocks of a pair', () => {
  it('is assumed until the first message', () => assert.equal(measured(), 60));

  it('is the smallest reading, because travel time only adds to it', () => {
    assert.equal(measured([0, 4], [1, 3], [2, 9], [3, 4]), 3);
  });

  it('does not grow by delayed messages that arrive together', () => {
    assert.equal(measured([0, 1], [20, 16], [20.1, 12], [20.2, 6], [20.3, 1]), 1);
    assert.equal(measured([0, 1], [20, 16], [21, 2], [24, 9]), 1);
  });

  it('follows a clock that was set, back at once, and forward within seconds', () => {
    assert.equal(measured([0, 1], [5, -6]), -6);
    assert.equal(measured([0, 1], [5, 8], [6, 9]), 1);
    assert.equal(measured([0, 1], [5, 8], [6, 9], [8, 8]), 8);
  });

  it('follows a clock that drifts, within two minutes', () => {
    assert.equal(measured([0, 1], [50, 2], [70, 2], [130, 3], [140, 3]), 2);
  });
});

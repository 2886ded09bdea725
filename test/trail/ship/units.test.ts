import assert from 'node:assert/strict';
import type { LogFields } from '../../../src/operate/log/logger.js';
import type { MessageId } from '../../../src/operate/log/messages.js';
import { waits } from '../../../src/trail/ship/backoff.js';
import { Pause } from '../../../src/trail/ship/pause.js';
import { Progress, progressLine } from '../../../src/trail/ship/progress.js';
import { ShipStateMachine } from '../../../src/trail/ship/state.js';
import { MemoryLog } from './memory-log.js';

describe('The waits of the shipper', () => {
  it('double from a quarter of a second to 30 seconds', () => {
    const all = [...waits(10, () => 0.999999)];
    assert.deepEqual(all, [250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  });

  it('are scattered between half and all of that', () => {
    assert.deepEqual([...waits(3, () => 0)], [125, 250, 500]);
  });

  it('do not end unless they are told to', () => {
    const endless = waits();
    for (let i = 0; i < 1000; i++) assert.equal(endless.next().done, false);
    assert.equal([...waits(2)].length, 2);
  });
});

describe('The states of the shipper', () => {
  it('follow the table', () => {
    const machine = new ShipStateMachine();
    for (const state of ['connecting', 'backing-off', 'connecting', 'shipping', 'idle', 'shipping', 'stopped'] as const)
      machine.enter(state);
    assert.equal(machine.state, 'stopped');
  });

  it('refuse any other move', () => {
    const machine = new ShipStateMachine();
    assert.throws(() => machine.enter('shipping'), /cannot go from waiting to shipping/);
    machine.enter('stopped');
    assert.throws(() => machine.enter('connecting'), /cannot go from stopped/);
  });
});

describe('A pause', () => {
  it('ends at once when stopped, and so do all later ones', async () => {
    const pause = new Pause();
    const waiting = pause.wait(3_600_000);
    pause.stop();
    await waiting;
    await pause.wait(3_600_000);
    assert.equal(pause.stopped, true);
  });

  it('lasts as long as it says otherwise', async () => {
    const since = performance.now();
    await new Pause().wait(30);
    assert.ok(performance.now() - since >= 29);
  });
});

describe('The progress of a backlog', () => {
  /** Progress on an output, with a clock that the test moves. */
  function start(isTTY: boolean): { progress: Progress; written: string[]; log: MemoryLog; clock: { now: number } } {
    const written: string[] = [];
    const log = new MemoryLog();
    const clock = { now: 0 };
    const output = { isTTY, write: (text: string) => written.push(text) > 0 };
    return { progress: new Progress(log, output, () => clock.now), written, log, clock };
  }
  const idsOf = (log: MemoryLog): MessageId[] => log.lines.map((line) => line.id);

  it('is one line on a terminal, which goes when the backlog is gone', () => {
    const { progress, written, log, clock } = start(true);
    progress.update(1000, 9000);
    clock.now = 1000;
    progress.update(1000, 8000);
    clock.now = 1100;
    progress.update(1000, 7000);
    clock.now = 2000;
    progress.update(7000, 0);
    assert.deepEqual(written, [
      '\r\x1b[K1000 of 10000 events shipped (10 %)',
      '\r\x1b[K2000 of 10000 events shipped (20 %), 1000/s, 8 s left',
      '\r\x1b[K',
    ]);
    assert.deepEqual(log.lines, [{ id: 'ship-caught-up', fields: { events: 10000, rate: 4500 } }]);
  });

  it('is a log line every ten seconds elsewhere', () => {
    const { progress, written, log, clock } = start(false);
    for (; clock.now <= 25_000; clock.now += 1000) progress.update(1000, 50_000);
    assert.deepEqual(written, []);
    assert.deepEqual(idsOf(log), ['ship-progress', 'ship-progress']);
    const { left, rate } = log.lines[1]!.fields as LogFields;
    assert.deepEqual([left, rate], [50_000, 1000]);
  });

  it('says nothing while a few events come and go', () => {
    const { progress, written, log } = start(true);
    progress.update(10, 0);
    progress.update(10, 4999);
    progress.interrupt();
    assert.deepEqual([written, log.lines], [[], []]);
  });

  it('is put as a person would', () => {
    assert.equal(progressLine(12_000, 38_000, 9800), '12000 of 50000 events shipped (24 %), 9800/s, 4 s left');
  });
});

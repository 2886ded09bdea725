import assert from 'node:assert/strict';
import type { FailoverApi, Input, LogOutput, OperatorCommand, Output } from '../../../src/server/failover/api.js';
import { Pairs } from '../../../src/server/pair/pairs.js';
import type { RelationshipSettings } from '../../../src/server/settings.js';
import type { DecisionContext } from '../../../src/server/v4/context.js';
import { Lab, sketchConfig, TestLogger } from '../../support/lab.js';

const DESK = {} as DecisionContext;
const at = (second: number) => ({ wall: second * 1e6, steady: second * 1e6 });
const line = (id: LogOutput['id'], fields: LogOutput['fields'] = {}): Output => ({ type: 'log', id, fields });

/** Tells apart what is limited. */
class CountingLogger extends TestLogger {
  limitedLines = 0;
  override limited(id: string, fields: Record<string, unknown> = {}): void {
    this.limitedLines += 1;
    super.limited(id, fields);
  }
}

/** An endpoint of which a test says what it does. */
class Endpoint {
  readonly handled: Input[] = [];
  outputs: Output[] = [];
  failures = 0;
  fault: string | undefined;
  readonly isDirty = false;
  handle(input: Input): void {
    if (input.type !== 'tick') this.handled.push(input);
    if (this.fault === input.type) throw new TypeError('out of range');
  }
  takeChanges = () => [];
  committed(): Output[] {
    if (this.fault === 'committed') throw new RangeError('out of range');
    return this.outputs.splice(0);
  }
  failed(): Output[] {
    this.failures += 1;
    return [];
  }
  status = () => ({ name: 'pair' });
}

describe('The failover relationships of a server', () => {
  let logger: CountingLogger;
  let endpoints: [Endpoint, Endpoint];
  let pairs: Pairs;

  beforeEach(() => {
    logger = new CountingLogger();
    endpoints = [new Endpoint(), new Endpoint()];
    const members = endpoints.map((endpoint, i) => {
      const config = { name: ['pair', 'other'][i] } as RelationshipSettings;
      return { config, endpoint: endpoint as unknown as FailoverApi, isStale: false };
    });
    pairs = new Pairs(members, at(0), logger);
    pairs.start(() => undefined);
  });

  function batch(second = 1): void {
    pairs.begin(DESK, at(second));
    pairs.committed();
  }

  const command = (name: string | undefined, what: OperatorCommand, work = batch) =>
    pairs.command(name, what, () => work());

  it('go on when one of them has a fault, which costs it the connection', () => {
    for (const fault of ['tick', 'committed']) {
      endpoints[0].fault = fault;
      endpoints[1].outputs = [line('failover-updates-done')];
      batch(fault === 'tick' ? 1 : 2);
      assert.deepEqual(logger.ids().splice(0), ['failover-fault', 'failover-updates-done']);
      logger.lines.length = 0;
    }
    assert.deepEqual([endpoints[0].failures, endpoints[1].failures], [2, 0]);
  });

  it('tell a command of which the batch failed', () => {
    const failing = () => {
      pairs.begin(DESK, at(1));
      pairs.failed();
    };
    assert.throws(() => command('pair', 'partner-down', failing), /queue cannot be written, nothing was changed/);
    assert.equal(command('pair', 'partner-down').name, 'pair');
  });

  it('tell a command that is not worked off, and do not keep it for later', () => {
    assert.throws(() => command('pair', 'partner-down', () => undefined), /just starting or stopping/);
    batch();
    assert.deepEqual(endpoints[0].handled, []);
  });

  it('refuse the name of no relationship', () => {
    assert.throws(() => command('7', 'partner-down'), /Relationship "7" is not known/);
    assert.deepEqual(endpoints[0].handled, []);
  });

  it('log an ordinary course in full, and limit what a partner repeats', () => {
    const repeated = ['failover-state', 'failover-partner-state', 'failover-updates-requested'] as const;
    for (const id of repeated) {
      for (let i = 0; i < 15; i++) endpoints[0].outputs.push(line(id));
    }
    batch(1);
    assert.equal(logger.limitedLines, 0);
    for (const id of repeated) {
      for (let i = 0; i < 1000; i++) endpoints[0].outputs.push(line(id));
    }
    batch(2);
    assert.equal(logger.limitedLines, repeated.length * (1000 - 5));
    endpoints[0].outputs.push(line('failover-state'));
    batch(20);
    assert.equal(logger.limitedLines, repeated.length * (1000 - 5));
  });
});

describe('A pipeline that is closed', () => {
  it('begins no batch any more, though one was asked for', async () => {
    const lab = new Lab(sketchConfig([{ subnet: '198.18.0.0/24', pools: ['198.18.0.10-198.18.0.20'] }]));
    try {
      assert.ok(lab.lease({}));
      lab.pipeline.wake();
      lab.pipeline.close();
      lab.clock.advance(7200);
      await new Promise((resolve) => setImmediate(resolve));
      lab.pipeline.drain();
      assert.equal(lab.events().at(-1)!.kind, 'granted');
    } finally {
      lab.close();
    }
  });
});

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { type ConfigDocument, Installation } from '../../rig/lab/processes.js';
import { makeTempDir, removeTempDir } from '../support/temp.js';
import { freeUdpPort } from '../support/udp-port.js';

const FIXTURE = fileURLToPath(new URL('../fixtures/0.1.0', import.meta.url));
/** Words of `report`, by the file that has what 0.1.0 answered. */
const QUESTIONS: Readonly<Record<string, readonly string[]>> = {
  'ip-10.0.0.10': ['ip', '10.0.0.10'],
  'ip-10.0.0.12': ['ip', '10.0.0.12'],
  mac: ['mac', '0200.0000.0003'],
  port: ['port', 'Hall A', 'Gi1/0/2'],
  switch: ['switch', 'sw-cisco'],
  gaps: ['gaps'],
};

function expected(name: string): unknown {
  return JSON.parse(readFileSync(join(FIXTURE, 'expected', `${name}.json`), 'utf8'));
}

describe('A queue and a trail of version 0.1.0', function () {
  this.timeout(120_000);
  let folder: string;
  let installation: Installation;
  let trusted: string[];

  beforeEach(async () => {
    folder = makeTempDir();
    for (const file of readdirSync(FIXTURE)) {
      const source = join(FIXTURE, file);
      if (file.endsWith('.gz')) writeFileSync(join(folder, file.slice(0, -3)), gunzipSync(readFileSync(source)));
      else if (file !== 'expected') copyFileSync(source, join(folder, file));
    }
    chmodSync(join(folder, 'dhcp-a.queue.key'), 0o600);
    const config = parse(readFileSync(join(FIXTURE, 'portledger.yaml'), 'utf8')) as {
      server: { listen: { port: number }[] };
    };
    config.server.listen[0]!.port = await freeUdpPort();
    installation = new Installation(folder, config as unknown as ConfigDocument);
    trusted = ['first.pub', 'dhcp-b.pub'].flatMap((file) => ['--public-key', join(folder, file)]);
  });

  afterEach(() => removeTempDir(folder));

  async function verify(): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await installation.run('here', 'verify', '-o', 'json', ...trusted);
    assert.equal(code, 0, stdout + stderr);
    const { seconds, eventsPerSecond, ...result } = JSON.parse(stdout);
    return result;
  }

  it('verify as before', async () => {
    const { seconds, eventsPerSecond, ...before } = expected('verify') as Record<string, unknown>;
    assert.deepEqual(await verify(), before);
  });

  for (const [name, words] of Object.entries(QUESTIONS)) {
    it(`report as before: ${words.join(' ')}`, async () => {
      const rows = await installation.report('here', ...words);
      assert.ok(rows.length > 0);
      assert.deepEqual(rows, expected(`report-${name}`));
    });
  }

  it('have a bundle that is proven by the key of then', async () => {
    const bundle = ['--bundle', join(folder, 'case.json'), '--public-key', join(folder, 'first.pub')];
    const { code, stdout } = await installation.run('here', 'verify', ...bundle);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^VERIFIED with the given public keys: \d+ records/);
  });

  it('are continued by serve and ship', async () => {
    const running = await installation.serve('here');
    assert.deepEqual(await running.stop('SIGTERM'), { code: 0, signal: null });
    await installation.shipOnce('here');
    const { queues } = (await verify()) as { queues: { server: string; lastSequence: number; unsigned: number }[] };
    const { lastSequence, unsigned } = queues.find(({ server }) => server === 'dhcp-a')!;
    assert.ok(lastSequence > 133, 'what was not shipped, the start and the stop of the server');
    assert.equal(unsigned, 0);
    const gaps = await installation.report('here', 'gaps');
    assert.deepEqual(gaps.slice(0, -1), expected('report-gaps'));
    assert.equal(gaps.at(-1)!.kind, 'server-down', 'from the last commit of 0.1.0 to this start');
    const rows = await installation.report('here', 'ip', '10.0.0.10', '--from', '2024-03-10');
    assert.deepEqual(
      rows.map((row) => [row.portName, row.firstSeen, row.endReason]),
      [['Gi1/0/1', '2024-03-10T08:00:00.000000Z', 'expired']],
    );
  });
});

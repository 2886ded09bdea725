import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildImage, IMAGE } from '../../rig/image/image.js';
import { Program } from '../../rig/lab/program.js';
import { composeCommand, requires } from '../../rig/lab/requirements.js';
import { until } from '../../rig/lab/until.js';

const MINUTE = 60_000;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Not the one that `docker compose up` takes of itself, so that a person's campus may run meanwhile. */
const NET = '198.19.255';
const PROJECT = `portledger-test-${process.pid}`;

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' });
}

/** What is left of a rig: containers, networks and volumes. */
function remainsOf(rig: string): string {
  const filter = ['--filter', `name=${rig}`, '-q'];
  return docker('ps', '-a', ...filter) + docker('network', 'ls', ...filter) + docker('volume', 'ls', ...filter);
}

/** The rigs that a test started. */
const started: Program[] = [];

function startRig(...args: string[]): Program {
  const env = { ...process.env, RIG_IMAGE: IMAGE };
  const rig = new Program([process.execPath, '--import', 'tsx', 'rig/main.ts', ...args], { cwd: ROOT, env });
  started.push(rig);
  return rig;
}

/** The networks of private engines are not this process's own. */
function inEngineNetwork(...command: string[]): string {
  const space = process.env.PORTLEDGER_DOCKER_NETNS;
  const enter = space === undefined ? [] : ['nsenter', `--net=/run/netns/${space}`];
  const [program, ...args] = [...enter, ...command];
  return execFileSync(program!, args, { encoding: 'utf8' });
}

describe('The rig', function () {
  this.timeout(8 * MINUTE);

  before(async function () {
    requires(this, 'docker');
    await buildImage(() => undefined);
  });

  // Also after a failed assertion, or when the time is up: a rig that is killed leaves its containers and networks on the engine
  afterEach(async () => {
    await Promise.all(started.splice(0).map((rig) => rig.stop('SIGINT', 2 * MINUTE)));
  });

  it('finds the trail exact after a minute of moves and faults, beside another rig, which leaves nothing when it is stopped', async () => {
    const rig = startRig('--minutes', '1', '--seed', '2');
    await rig.waitFor(/containers are up/, 2 * MINUTE);
    const other = startRig('--minutes', '5', '--seed', '1');
    await other.waitFor(/containers are up/, 2 * MINUTE);
    const ending = await other.stop('SIGINT', MINUTE);
    assert.equal(ending.code, 130, other.output);
    assert.equal(remainsOf(`portledger-rig-${other.pid}-`), '');
    const { code } = await rig.ended;
    assert.equal(code, 0, rig.output);
    assert.match(rig.stdout, /fault: server-killed/);
    assert.match(rig.stdout, /^port_history +(\d\d) +\1 +0 +0 +0$/m);
    assert.equal(remainsOf(`portledger-rig-${rig.pid}-`), '');
  });

  it('says with 2 that a client is named by its number', () => {
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'rig/tool.ts', 'restart', 'abc'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    assert.equal(status, 2);
    assert.match(stderr, /'abc' is invalid for argument 'client'\. It must be a whole number from 1 on/);
  });

  it('says with 2 what is wrong with its options', async () => {
    for (const [option, value, rule] of [
      ['--minutes', 'soon', 'a number from 0.1 to 1440'],
      ['--clients', '2.5', 'a whole number from 1 to 20'],
    ] as const) {
      const rig = startRig(option, value);
      assert.equal((await rig.ended).code, 2);
      assert.equal(rig.stderr.trim().split('\n').length, 1);
      assert.ok(rig.stderr.includes(`'${value}' is invalid. It must be ${rule}`), rig.stderr);
    }
  });

  describe('started by compose', () => {
    const environment = { ...process.env, RIG_NET: NET, RIG_DB_PORT: '33079', RIG_IMAGE: IMAGE };

    async function compose(...args: string[]): Promise<void> {
      const command = [...composeCommand()!, '-p', PROJECT, '-f', 'rig/compose.yaml', ...args];
      const program = new Program(command, { cwd: ROOT, env: environment });
      const { code } = await program.ended;
      assert.equal(code, 0, program.output);
    }

    /** What `npm run rig:NAME` says of this campus. */
    async function helper(name: string, ...args: string[]): Promise<string> {
      const command = [process.execPath, '--import', 'tsx', 'rig/tool.ts', name, '--rig', PROJECT, ...args];
      const program = new Program(command, { cwd: ROOT });
      await program.ended;
      return program.output;
    }

    function containerOf(service: string): string {
      const names = docker('ps', '--filter', `name=${PROJECT}`, '--format', '{{.Names}}').split('\n');
      return names.find((name) => name.includes(service))!;
    }

    before(function () {
      requires(this, 'compose');
    });

    after(async () => {
      if (composeCommand()) await compose('down', '-v', '-t', '0');
      assert.equal(remainsOf(PROJECT), '');
    });

    it('has within two minutes seen all six clients on more than one port each, in a trail on loopback', async () => {
      const begun = Date.now();
      await compose('up', '-d');
      const logger = containerOf('logger');
      const sql = 'SELECT mac FROM port_clients GROUP BY mac HAVING COUNT(*) > 1 ORDER BY mac';
      const moved = () =>
        docker('exec', logger, 'mariadb', '--no-defaults', '-NB', 'portledger', '-e', sql).trim().split('\n');
      const all = [1, 2, 3, 4, 5, 6].map((number) => `02:00:00:00:00:0${number}`);
      const isDone = () => moved().length === all.length;
      await until('all clients on more than one port', isDone, { withinMs: begun + 2 * MINUTE - Date.now() });
      assert.deepEqual(moved(), all);
      const greeting =
        "require('net').connect(33079, '127.0.0.1').once('data', (bytes) => { console.log(bytes.toString('latin1')); process.exit(); })";
      assert.match(inEngineNetwork(process.execPath, '-e', greeting), /MariaDB/);
    });

    it('has helpers that list the leases of both servers and start a client anew, and that say what is not there', async () => {
      const isListed = async () => {
        const [, ...servers] = (await helper('leases')).split(/^== serve-/m);
        const isAll = (text: string) => [1, 2, 3, 4, 5, 6].every((n) => text.includes(`02:00:00:00:00:0${n}`));
        return servers.length === 2 && servers.every(isAll);
      };
      await until('all clients listed by both servers', isListed, { withinMs: MINUTE });
      const begun = () => docker('inspect', '-f', '{{.State.StartedAt}}', containerOf('client-3'));
      const before = begun();
      await helper('restart', '3');
      assert.notEqual(begun(), before);
      assert.match(await helper('restart', '7'), /^error: rig \S+ has no client-7: it has client-1, .*client-6$/m);
      assert.match(await helper('leases', '--rig', 'none'), /^error: no rig 'none' runs here: it must be one of .+$/m);
      docker('pause', containerOf('serve-b'));
      try {
        assert.match(await helper('leases'), /^== serve-b of \S+ is paused$/m);
      } finally {
        docker('unpause', containerOf('serve-b'));
      }
    });
  });
});

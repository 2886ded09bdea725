import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Installation } from '../../../rig/lab/processes.js';
import { Program } from '../../../rig/lab/program.js';
import { requires } from '../../../rig/lab/requirements.js';
import { until } from '../../../rig/lab/until.js';
import { EXIT } from '../../../src/base/errors.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const PRIVATE = ['', '-wal', '-shm', '.serve.lock', '.sock', '.key', '.shipped', '.ship.lock'];
const NOBODY = 65_534;

const subnets = [{ subnet: '127.0.0.0/8', pools: ['127.77.0.10-127.77.0.20'] }];
const listen = [{ address: '127.0.0.1', port: 16_767 }];

describe('The files of a server', function () {
  this.timeout(60_000);
  let folder: string;
  let programs: Program[];

  beforeEach(() => {
    folder = makeTempDir();
    programs = [];
  });
  afterEach(async () => {
    for (const program of programs) await program.stop('SIGKILL');
    removeTempDir(folder);
  });

  const file = (suffix: string) => join(folder, 'data', `a.queue${suffix}`);
  const install = (server: object = {}) =>
    new Installation(folder, {
      server: { name: 'dhcp-a', listen, subnets, ...server },
      queue: { file: './data/a.queue' },
      audit: { url: 'sqlite:./data/audit.db' },
    });

  /** Starts a command by a shell with this umask. */
  function start(installation: Installation, umask: string, ...args: string[]): Program {
    const command = installation.command(...args);
    const program = new Program(['/bin/sh', '-c', `umask ${umask}; exec "$@"`, 'sh', ...command], { cwd: folder });
    programs.push(program);
    return program;
  }

  it('are for nobody but their owner, whatever the umask', async () => {
    const installation = install();
    const server = start(installation, '000', 'serve');
    await server.waitFor(/server-ready/, 20_000);
    const shipper = start(installation, '000', 'ship');
    await until('the first shipped event', () => existsSync(file('.shipped')), { withinMs: 20_000 });
    for (const suffix of PRIVATE) assert.equal(modeOf(file(suffix)), 0o600, suffix);
    assert.equal(modeOf(join(folder, 'data')), 0o700);
    assert.equal(modeOf(join(folder, 'data/audit.db')), 0o600);
    await shipper.stop();
    await server.stop();
  });

  it('are made so again if somebody copied them here with more rights', async () => {
    const installation = install();
    const first = start(installation, '022', 'serve');
    await first.waitFor(/server-ready/, 20_000);
    await first.stop('SIGKILL');
    for (const suffix of ['', '-wal', '-shm', '.serve.lock'])
      if (existsSync(file(suffix))) chmodSync(file(suffix), 0o666);
    const second = start(installation, '022', 'serve');
    await second.waitFor(/server-ready/, 20_000);
    for (const suffix of ['', '-wal', '-shm', '.serve.lock', '.sock'])
      assert.equal(modeOf(file(suffix)), 0o600, suffix);
    await second.stop();
  });

  describe('that root starts with server.user', () => {
    before(function () {
      requires(this, 'root');
    });
    beforeEach(() => {
      chmodSync(folder, 0o755);
    });

    it('belong to that user, as does the process, which cannot be root again', async () => {
      const installation = install({ user: 'nobody', listen: [{ address: '127.0.0.1', port: 667 }] });
      chmodSync(folder, 0o777);
      const server = start(installation, '000', 'serve');
      await server.waitFor(/server-ready/, 20_000);
      const shipper = start(installation, '000', 'ship');
      await until('the first shipped event', () => existsSync(file('.shipped')), { withinMs: 20_000 });
      for (const program of [server, shipper]) {
        const status = readFileSync(`/proc/${program.pid}/status`, 'utf8');
        assert.match(status, /^Uid:(\t65534){4}$/m);
        assert.match(status, /^Gid:(\t65534){4}$/m);
        assert.match(status, /^Cap(Eff|Prm):\t0+$/m);
        assert.match(status, /^Groups:\t(65534 ?)?$/m);
      }
      for (const suffix of PRIVATE) {
        assert.equal(statSync(file(suffix)).uid, NOBODY, suffix);
        assert.equal(modeOf(file(suffix)), 0o600, suffix);
      }
      const status = await installation.run('here', 'status');
      assert.equal(status.code, EXIT.ok, status.stderr);
      await shipper.stop();
      assert.equal((await server.stop()).code, EXIT.ok);
    });

    it('are not touched where the user has no right to them: it says so in one line', async () => {
      const installation = install({ user: 'nobody' });
      const { code, stderr } = await installation.run('here', 'serve');
      assert.equal(code, EXIT.usage);
      assert.match(stderr, /^error: Queue .* cannot be opened: .*EACCES.*owner\)\n$/);
      assert.equal(existsSync(join(folder, 'data')), false);
    });

    it('read a configuration that only root can read', async () => {
      const installation = install({ user: 'nobody' });
      chmodSync(folder, 0o777);
      chmodSync(installation.configFile, 0o600);
      const server = start(installation, '022', 'serve');
      await server.waitFor(/server-ready/, 20_000);
      server.signal('SIGHUP');
      await server.waitFor(/config-refused|reload-refused/, 10_000);
      await server.stop();
    });

    it('cannot be had by somebody who is not root', async () => {
      const installation = install({ user: 'daemon' });
      chmodSync(installation.configFile, 0o644);
      chownSync(folder, NOBODY, NOBODY);
      const command = [
        'setpriv',
        `--reuid=${NOBODY}`,
        `--regid=${NOBODY}`,
        '--clear-groups',
        ...installation.command('serve'),
      ];
      const program = new Program(command, { cwd: folder });
      programs.push(program);
      assert.equal((await program.ended).code, EXIT.usage);
      assert.match(program.stderr, /only root can become another user/);
    });
  });
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

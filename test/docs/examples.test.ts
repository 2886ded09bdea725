import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { freshDatabase, startDatabase } from '../../rig/lab/database.js';
import { ENGINES, SERVER_DATABASES, type ServerDatabase } from '../../rig/lab/database-engines.js';
import { Campus, type Namespace } from '../../rig/lab/netns.js';
import { type ConfigDocument, Installation } from '../../rig/lab/processes.js';
import { requires } from '../../rig/lab/requirements.js';
import { until } from '../../rig/lab/until.js';
import { makeAuthority } from '../support/certificates.js';
import { startUdhcpc } from '../support/clients.js';
import { ROOT } from '../support/pages.js';
import { startDhcrelay } from '../support/relay.js';
import { makeTempDir, removeTempDir } from '../support/temp.js';

const EXAMPLES = join(ROOT, 'examples');
const MAC = '02:00:00:00:00:01';
const DATABASE = 'db.example.net';

/** A file of an example. Its absolute paths lead to the folder it is put in. */
function textOf(path: string): string {
  return readFileSync(join(EXAMPLES, path), 'utf8').replaceAll(/\/(var\/lib|etc)\/portledger\//g, './');
}

describe('The examples', function () {
  this.timeout(90_000);
  let campus: Campus;
  const folders: string[] = [];

  beforeEach(function () {
    requires(this, 'netns');
    campus = new Campus();
  });

  afterEach(async () => {
    await campus?.remove();
    for (const folder of folders.splice(0)) removeTempDir(folder);
  });

  function folder(): string {
    folders.push(makeTempDir());
    return folders.at(-1)!;
  }

  function install(path: string, audit?: (section: Record<string, unknown>) => void): Installation {
    const document = parse(textOf(path)) as ConfigDocument & { audit: Record<string, unknown> };
    audit?.(document.audit);
    return new Installation(folder(), document);
  }

  /** A host with one interface, on a cable to another host's. */
  function client(to: Namespace, name: string, address?: string): Namespace {
    const host = campus.host();
    campus.cable({ in: to, name, ...(address === undefined ? {} : { address }) }, { in: host, name: 'eth0', mac: MAC });
    return host;
  }

  /** A router with a relay between the server's `eth0` and a client, which it returns. */
  async function clientBehindRelay(server: Namespace): Promise<Namespace> {
    const router = campus.host();
    router.routeBetweenInterfaces();
    campus.cable(
      { in: server, name: 'eth0', address: '198.18.0.1/24' },
      { in: router, name: 'up0', address: '198.18.0.5/24' },
    );
    server.ip('route', 'add', '198.18.16.0/20', 'via', '198.18.0.5');
    const host = client(router, 'port7', '198.18.16.1/20');
    await startDhcrelay(router, { down: ['port7'], up: ['up0'], servers: ['198.18.0.1'], addOption82: true });
    return host;
  }

  it('are all tested here', () => {
    const names = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    assert.deepEqual(names.map(({ name }) => name).sort(), ['behind-relay', 'failover-pair', 'mysql', 'single-server']);
  });

  it('single-server: a client gets its reserved address, and the trail says so', async function () {
    requires(this, 'udhcpc');
    const server = campus.host();
    const host = client(server, 'eth1', '198.18.0.1/24');
    const installation = install('single-server/portledger.yaml');
    await installation.serve(server);
    assert.equal((await startUdhcpc(host, 'eth0').waitFor('bound')).address, '198.18.0.9');
    await installation.shipOnce('here');
    const { stdout } = await installation.run('here', 'report', 'ip', '198.18.0.9', '-o', 'csv');
    assert.match(stdout, new RegExp(`198\\.18\\.0\\.9,${MAC}`));
  });

  it('behind-relay: the trail has the port that the relay added', async function () {
    requires(this, 'udhcpc', 'dhcrelay');
    const server = campus.host();
    const host = await clientBehindRelay(server);
    const installation = install('behind-relay/portledger.yaml');
    await installation.serve(server);
    const { address } = await startUdhcpc(host, 'eth0').waitFor('bound');
    assert.match(address!, /^198\.18\.1[789]\./);
    await installation.shipOnce('here');
    const { stdout } = await installation.run('here', 'report', 'port', 'building-7', 'port7', '-o', 'csv');
    assert.match(stdout, new RegExp(`^building-7,port7,.*${address},${MAC},`, 'm'));
  });

  it('failover-pair: both reach normal, and ship into one trail', async function () {
    requires(this, 'mariadb');
    const database = await freshDatabase();
    try {
      const middle = campus.switch();
      const installations = ['dhcp-a', 'dhcp-b'].map((name) =>
        install(`failover-pair/${name}.yaml`, (audit) => {
          audit.url = database.url;
          delete audit['password-file'];
        }),
      );
      for (const [index, installation] of installations.entries()) {
        const host = campus.host();
        campus.plug({ in: host, name: 'eth0', address: `198.18.0.${index + 2}/16` }, middle, `port${index}`);
        await installation.serve(host);
      }
      for (const installation of installations) await reachesNormal(installation);
      assert.equal((await installations[0]!.run('here', 'migrate')).code, 0);
      for (const installation of installations) await installation.shipOnce('here');
      const { stdout } = await installations[0]!.run('here', 'verify');
      assert.match(stdout, /^dhcp-a /m);
      assert.match(stdout, /^dhcp-b /m);
    } finally {
      await database.drop();
    }
  });

  for (const kind of SERVER_DATABASES) {
    it(`mysql: the example's users, over TLS, on ${kind}`, async function () {
      requires(this, ENGINES[kind].requirement, 'openssl', 'udhcpc', 'dhcrelay');
      await withTls(kind, async ({ port, ca, query }) => {
        for (const statement of textOf('mysql/users.sql').trim().split(/;\n?/).filter(Boolean)) await query(statement);
        const here = (path: string, passwords: Record<string, string>): Installation => {
          const installation = install(path, (audit) => {
            audit.url = String(audit.url).replace(`${DATABASE}:3306`, `127.0.0.1:${port}`);
            audit.tls = { ca, 'certificate-name': DATABASE };
          });
          for (const [file, text] of Object.entries(passwords)) writeFileSync(join(installation.folder, file), text);
          return installation;
        };
        const administrator = here('mysql/migrate.yaml', { 'db-admin-password': 'admin-secret\n' });
        assert.deepEqual(await administrator.run('here', 'migrate').then(({ code }) => code), 0);

        const server = campus.host();
        const host = await clientBehindRelay(server);
        const installation = here('mysql/portledger.yaml', { 'db-password': 'shipper-secret\n' });
        await installation.serve(server);
        const { address } = await startUdhcpc(host, 'eth0').waitFor('bound');
        await installation.shipOnce('here');
        const { stdout } = await installation.run('here', 'report', 'ip', address!, '-o', 'csv');
        assert.match(stdout, new RegExp(`port7,.*${address},${MAC},`));
        assert.equal((await query('SELECT * FROM portledger.access_log')).length, 1);
        assert.equal((await installation.run('here', 'auditors')).code, 0);
      });
    });
  }

  /** A private database whose certificate is for the examples' host, for the time of `use`. */
  async function withTls(
    kind: ServerDatabase,
    use: (database: { port: number; ca: string; query(sql: string): Promise<unknown[]> }) => Promise<void>,
  ): Promise<void> {
    const authority = makeAuthority(folder(), 'db');
    const { cert, key } = authority.sign(DATABASE);
    const args = [`--ssl-ca=${authority.ca}`, `--ssl-cert=${cert}`, `--ssl-key=${key}`];
    const database = await startDatabase(kind, { durable: false, args });
    try {
      const query = async (sql: string): Promise<unknown[]> => (await database.query(sql)) as unknown[];
      await use({ port: database.port, ca: authority.ca, query });
    } finally {
      await database.remove();
    }
  }
});

async function reachesNormal(installation: Installation): Promise<void> {
  await until(
    'normal on both sides',
    async () => {
      const { stdout } = await installation.run('here', 'failover', 'status');
      return /^this server +normal since/m.test(stdout) && /^partner +normal since/m.test(stdout);
    },
    { withinMs: 30_000, detail: () => installation.configFile },
  );
}

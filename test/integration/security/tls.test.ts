import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type PrivateDatabase, startMariadb } from '../../../rig/lab/database.js';
import { Installation } from '../../../rig/lab/processes.js';
import { requires } from '../../../rig/lab/requirements.js';
import { EXIT } from '../../../src/base/errors.js';
import { TrailUnreachableError } from '../../../src/trail/store/errors.js';
import { Trail } from '../../../src/trail/store/trail.js';
import { type Authority, makeAuthority } from '../../support/certificates.js';
import { makeTempDir, removeTempDir } from '../../support/temp.js';

const NAME = 'db.portledger.test';

describe('TLS to the trail', function () {
  this.timeout(120_000);
  let folder: string;
  let good: Authority;
  let other: Authority;
  let database: PrivateDatabase;

  before(async function () {
    requires(this, 'mariadb', 'openssl');
    folder = makeTempDir();
    good = makeAuthority(folder, 'good');
    other = makeAuthority(folder, 'other');
    const { cert, key } = good.sign(NAME);
    database = await startMariadb({ durable: false, args: [`--ssl-cert=${cert}`, `--ssl-key=${key}`] });
  });
  after(async () => {
    await database?.remove();
    if (folder) removeTempDir(folder);
  });

  const url = (parameters: Record<string, string>) => `${database.url}?${new URLSearchParams(parameters)}`;

  async function cipher(parameters: Record<string, string>): Promise<string> {
    const trail = await Trail.open(url(parameters));
    try {
      const [rows] = await trail.knex.raw("SHOW STATUS LIKE 'Ssl_cipher'");
      return rows[0].Value;
    } finally {
      await trail.close();
    }
  }

  async function refusal(parameters: Record<string, string>): Promise<TrailUnreachableError> {
    try {
      await (await Trail.open(url(parameters))).close();
    } catch (error) {
      assert.ok(error instanceof TrailUnreachableError, String(error));
      assert.equal(error.exitCode, EXIT.unreachable);
      return error;
    }
    throw new Error('The connection was made');
  }

  it('is used where it is asked for, and only there', async () => {
    assert.match(await cipher({ 'ssl-mode': 'VERIFY_IDENTITY', 'ssl-ca': good.ca, 'ssl-name': NAME }), /^TLS_|^ECDHE-/);
    assert.match(await cipher({ 'ssl-mode': 'REQUIRED' }), /^TLS_|^ECDHE-/);
    assert.equal(await cipher({}), '');
  });

  it('is refused with a certificate of another authority, and with one that no known authority signed', async () => {
    const error = await refusal({ 'ssl-mode': 'VERIFY_IDENTITY', 'ssl-ca': other.ca, 'ssl-name': NAME });
    assert.match(error.message, /unable to verify|self-signed|issuer/i);
    assert.match(error.hint ?? '', /audit\.tls\.ca/);
    await refusal({ 'ssl-mode': 'VERIFY_IDENTITY', 'ssl-name': NAME });
  });

  it('is refused with a certificate of another name, also after one with the right name was accepted', async () => {
    await cipher({ 'ssl-mode': 'VERIFY_IDENTITY', 'ssl-ca': good.ca, 'ssl-name': NAME });
    for (const name of ['db.other.test', 'localhost']) {
      const error = await refusal({ 'ssl-mode': 'VERIFY_IDENTITY', 'ssl-ca': good.ca, 'ssl-name': name });
      assert.match(error.message, /does not match/);
    }
  });

  it('is not given up for a database that offers none', async () => {
    const plain = await startMariadb({ durable: false, args: ['--skip-ssl'] });
    try {
      await assert.rejects(
        Trail.open(`${plain.url}?ssl-mode=REQUIRED`),
        (error) => error instanceof TrailUnreachableError && /does not support secure/.test(error.message),
      );
    } finally {
      await plain.remove();
    }
  });

  it('is what a database can insist on', async () => {
    await database.query("CREATE USER careful@'127.0.0.1' IDENTIFIED BY 'x' REQUIRE SSL");
    await database.query("GRANT ALL ON test_main.* TO careful@'127.0.0.1'");
    const careful = database.url.replace(/\/\/[^@]*@/, '//careful:x@');
    await assert.rejects(Trail.open(careful), TrailUnreachableError);
    await (await Trail.open(`${careful}?ssl-mode=REQUIRED`)).close();
  });

  it('holds for every command, by the configuration', async () => {
    const audit = { url: database.url, tls: { ca: good.ca, 'certificate-name': NAME } };
    const home = join(folder, 'home');
    mkdirSync(home);
    const installation = new Installation(home, { audit });
    assert.equal((await installation.run('here', 'migrate')).code, EXIT.ok);
    assert.deepEqual(await installation.report('here', 'gaps'), []);
    installation.configure({ audit: { ...audit, tls: { ...audit.tls, ca: other.ca } } });
    for (const command of [['migrate'], ['report', 'gaps']]) {
      const { code, stderr } = await installation.run('here', ...command);
      assert.equal(code, EXIT.unreachable, stderr);
      assert.match(stderr, /audit\.tls\.ca/);
    }
  });

  it('cuts connections under way when the trail is aborted', async () => {
    const trail = await Trail.open(url({ 'ssl-mode': 'VERIFY_IDENTITY', 'ssl-ca': good.ca, 'ssl-name': NAME }));
    const asleep = assert.rejects(trail.knex.raw('SELECT SLEEP(60)'));
    await trail.knex.raw('SELECT 1');
    trail.abort();
    await asleep;
    await trail.close();
  });
});

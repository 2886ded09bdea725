import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { requires } from '../../rig/lab/requirements.js';
import type { Config } from '../../src/config/config.js';
import { loadConfig } from '../../src/config/load.js';
import { MESSAGES } from '../../src/operate/log/messages.js';
import { PROFILES } from '../../src/protocol/relay-agent/profiles.js';
import { DROP_REASONS } from '../../src/server/pipeline/counters.js';
import { makeAuthority } from '../support/certificates.js';
import {
  allBlocks,
  type Block,
  blocksOf,
  example,
  isThere,
  pages,
  placeOf,
  proseOf,
  ROOT,
  readPage,
} from '../support/pages.js';
import { makeTempDir, removeTempDir } from '../support/temp.js';

/** Every language a block may have, and the test that checks it. */
const LANGUAGES: Readonly<Record<string, string>> = {
  yaml: 'here',
  json: 'here',
  ini: 'here',
  dockerfile: 'here',
  text: 'here',
  conf: 'test/integration/failover/documents.test.ts',
  sql: 'test/docs/sql.test.ts',
  sh: 'test/docs/commands.test.ts',
  console: 'test/docs/commands.test.ts',
};

/** Names of the same form that are counts of replies. */
const NOT_LOGGED: ReadonlySet<string> = new Set(['option-82-malformed', 'option-82-not-echoed']);

/** A server that is complete; a block that shows some keys of `server` gets the others from here. */
const SERVER = {
  name: 'dhcp-a',
  listen: [{ address: '198.18.0.1' }],
  'trusted-relays': ['198.18.0.2'],
  subnets: [{ subnet: '198.18.0.0/16', pools: ['198.18.16.0-198.18.250.255'] }],
};

/** Puts a block's keys over {@link SERVER}, unless it is whole as it stands. */
function completed(text: string): string {
  const document = parse(text) as { server?: Record<string, unknown> };
  if (!document.server || ('name' in document.server && 'subnets' in document.server)) return text;
  return stringify({ ...document, server: { ...SERVER, ...document.server } });
}

/** Loads a configuration from a folder that has the files which documents name in /etc/portledger. */
function load(folder: string, text: string): Config {
  const file = join(folder, 'portledger.yaml');
  writeFileSync(file, text.replaceAll('/etc/portledger/', './'));
  return loadConfig(file, { HOSTNAME: 'dhcp-a' });
}

/** The sections of a systemd unit. */
function unitOf(text: string): Record<string, [key: string, value: string][]> {
  const unit: Record<string, [string, string][]> = {};
  let section = '';
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const header = /^\[(\w+)\]$/.exec(line);
    if (header) section = header[1]!;
    const entry = /^(\w+)=(.+)$/.exec(line);
    assert.ok(header || (entry && section !== ''), `"${line}" is no line of a unit`);
    unit[section] ??= [];
    if (entry) unit[section]!.push([entry[1]!, entry[2]!]);
  }
  return unit;
}

function loadsAs(title: string, blocks: readonly Block[], check: (block: Block, folder: string) => void): void {
  for (const block of blocks) {
    it(`${placeOf(block)}: ${title}`, () => {
      const folder = makeTempDir();
      for (const name of ['db-password', 'db-admin-password']) writeFileSync(join(folder, name), 'shipper-secret\n');
      makeAuthority(folder, 'db');
      try {
        check(block, folder);
      } finally {
        removeTempDir(folder);
      }
    });
  }
}

describe('Blocks of code in the documents', function () {
  this.timeout(20_000);

  before(function () {
    requires(this, 'openssl');
  });

  it('have a language that a test checks, and are fenced if they have commands', () => {
    const unknown = allBlocks().filter(({ language }) => !(language in LANGUAGES));
    assert.deepEqual(unknown.map(placeOf), []);
    for (const test of Object.values(LANGUAGES)) if (test !== 'here') assert.ok(isThere(test), test);
    // An indented block is a picture. A command in it would be checked by nobody
    for (const page of pages())
      assert.doesNotMatch(readPage(page), /^ {4}(\$ )?(npx |npm |docker |portledger )/m, page);
  });

  loadsAs('is a valid configuration', allBlocks('yaml'), ({ text }, folder) => {
    load(folder, completed(text));
  });

  for (const block of allBlocks('json')) it(`${placeOf(block)}: is JSON`, () => void JSON.parse(block.text));

  for (const block of allBlocks('ini')) {
    it(`${placeOf(block)}: is a unit of systemd that runs Portledger`, () => {
      const unit = unitOf(block.text);
      assert.deepEqual(Object.keys(unit), ['Unit', 'Service', 'Install']);
      const service = new Map(unit.Service);
      assert.match(service.get('ExecStart')!, /^\/usr\/local\/bin\/portledger (serve|ship) -c \S+\.yaml$/);
      assert.equal(service.get('User'), 'portledger');
    });
  }

  for (const block of allBlocks('dockerfile')) {
    it(`${placeOf(block)}: is a Dockerfile whose program is built by its steps`, () => {
      const steps = block.text.trim().split('\n');
      for (const step of steps) assert.match(step, /^(FROM|WORKDIR|COPY|RUN|ENTRYPOINT) \S/);
      const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
      const [program] = Object.values(manifest.bin) as string[];
      assert.ok(steps.at(-1)!.includes(`"${program}"`), program);
      assert.ok(manifest.scripts.prepare, 'npm ci builds the program');
    });
  }

  for (const block of allBlocks('text')) {
    it(`${placeOf(block)}: is a picture, and has no command of Portledger`, () => {
      assert.doesNotMatch(block.text, /^\s*(\$ )?(npx )?portledger /m);
    });
  }
});

describe('Facts in the documents', () => {
  it('name every reason for which a request gets no answer', () => {
    const table = readPage('docs/troubleshooting.md');
    for (const reason of DROP_REASONS) assert.ok(table.includes(`\`${reason}\``), reason);
  });

  it('name log messages and reasons that the program has', () => {
    const known = new Set<string>([...Object.keys(MESSAGES), ...DROP_REASONS]);
    const named = pages().flatMap((page) =>
      [...proseOf(page).matchAll(/`((?:failover|ship|request|option-82)-[a-z0-9-]+)`/g)].map((match) => match[1]!),
    );
    assert.deepEqual(
      named.filter((name) => !known.has(name) && !isThere(`examples/${name}`) && !NOT_LOGGED.has(name)),
      [],
    );
  });

  it('name every switch profile, with what it is for', () => {
    const rows = [...readPage('docs/switches.md').matchAll(/^\| `([a-z0-9-]+)` \| (.+) \|$/gm)];
    assert.deepEqual(
      rows.map(([, name, about]) => [name, about]),
      Object.entries(PROFILES).map(([name, { about }]) => [name, about.replaceAll('|', '\\|')]),
    );
  });

  it('show a failover pair of which both sides mean the same', () => {
    const folder = makeTempDir();
    const shown = ['primary', 'secondary'].map((role) => example('docs/failover.md', `pair ${role}`));
    const kept = ['dhcp-a', 'dhcp-b'].map((name) =>
      readFileSync(join(ROOT, `examples/failover-pair/${name}.yaml`), 'utf8'),
    );
    writeFileSync(join(folder, 'db-password'), 'shipper-secret\n');
    for (const pair of [shown, kept]) {
      const [primary, secondary] = pair.map((text) => load(folder, text).server!);
      const [one, other] = [primary!.failover[0]!, secondary!.failover[0]!];
      assert.deepEqual([one.name, one.address, one.port], [other.name, other.peerAddress, other.peerPort]);
      assert.deepEqual([one.peerAddress, one.peerPort], [other.address, other.port]);
      const pools = (server: typeof primary) => server!.subnets.flatMap((subnet) => subnet.pools);
      assert.deepEqual(pools(primary), pools(secondary));
    }
    removeTempDir(folder);
  });

  it('show a password and an encrypted trail as they are read', function () {
    requires(this, 'openssl');
    const folder = makeTempDir();
    writeFileSync(join(folder, 'db-password'), 'shipper-secret\n');
    const tls = blocksOf('docs/install.md').find(({ text }) => text.includes('tls:'))!;
    assert.throws(() => load(folder, tls.text), /audit\.tls\.ca/);
    const authority = makeAuthority(folder, 'db');
    const { audit } = load(folder, tls.text);
    assert.match(audit.url, /^mysql:\/\/portledger:shipper-secret@/);
    assert.equal(new URL(audit.url).searchParams.get('ssl-ca'), authority.ca);
    removeTempDir(folder);
  });
});

import assert from 'node:assert/strict';
import { CONFIG_KEYS } from '../../src/config/keys.js';
import { referenceOf } from '../../src/config/reference.js';

describe('The reference of the configuration', () => {
  const rows = referenceOf(CONFIG_KEYS).trimEnd().split('\n');
  const paths = rows.slice(2).map((row) => /^\| `([^`]+)`/.exec(row)?.[1]);

  it('has a row of four cells for every key, once', () => {
    for (const row of rows) assert.equal(row.replaceAll('\\|', '').split('|').length, 6, row);
    assert.equal(new Set(paths).size, paths.length);
  });

  it('names keys by the paths that faults have', () => {
    for (const path of [
      'server.name',
      'server.lease-time',
      'server.subnets[].pools[].range',
      'server.subnets[].reservations[].*',
      'audit.password-file',
      'switches[].remote-id',
      'log.modules.server',
    ]) {
      assert.ok(paths.includes(path), path);
    }
  });

  it('says what is required and what holds otherwise', () => {
    assert.ok(rows.includes('| `server.name` | name | required | name of this server in every event |'));
    assert.ok(rows.includes('| `server.listen[].port` | port | 67 | UDP port |'));
  });
});

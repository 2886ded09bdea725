import assert from 'node:assert/strict';
import { UsageError } from '../../../src/base/errors.js';
import { parseTrailUrl } from '../../../src/trail/store/url.js';

describe('The URL of a trail', () => {
  const tlsOf = (parameters: string, host = 'db.example') => {
    const target = parseTrailUrl(`mysql://u:secret@${host}/d${parameters}`);
    return target.kind === 'mysql' ? target.tls : undefined;
  };

  it('says how the connection is encrypted', () => {
    assert.equal(tlsOf(''), undefined);
    assert.equal(tlsOf('?socket=/run/db'), undefined);
    assert.deepEqual(tlsOf('?ssl-mode=REQUIRED'), { verify: false, ca: undefined, name: 'db.example' });
    assert.deepEqual(tlsOf('?ssl-mode=VERIFY_IDENTITY&ssl-ca=/ca.pem&ssl-name=db', '192.0.2.1'), {
      verify: true,
      ca: '/ca.pem',
      name: 'db',
    });
  });

  it('is refused, without its password, if what it says of encryption is not understood', () => {
    for (const parameters of ['?ssl-mode=required', '?ssl-ca=/ca.pem', '?sslmode=REQUIRED', '?ssl=true', '?ssl-name=x'])
      assert.throws(
        () => tlsOf(parameters),
        (error) => error instanceof UsageError && !`${error.message}${error.hint}`.includes('secret'),
      );
  });

  it('needs a name to verify where the host is an address', () => {
    for (const host of ['192.0.2.1', '[2001:db8::1]'])
      assert.throws(() => tlsOf('?ssl-mode=VERIFY_IDENTITY', host), /needs a name/);
  });
});

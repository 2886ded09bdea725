import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { requires } from '../../rig/lab/requirements.js';
import { UsageError } from '../../src/base/errors.js';
import { assumeIdentity, OWN_IDENTITY } from '../../src/server/identity.js';

describe('The user that the server becomes', () => {
  it('is who started it, if nobody is named or it is the same', () => {
    assert.equal(assumeIdentity(undefined, undefined), OWN_IDENTITY);
    assert.equal(assumeIdentity(userInfo().username, undefined), OWN_IDENTITY);
  });

  it('must exist, and so must the group; after a refusal the process is what it was', function () {
    requires(this, 'root');
    for (const [user, group] of [
      ['nobody-of-this-name', undefined],
      ['nobody', 'no-group-of-this-name'],
    ] as const) {
      assert.throws(
        () => assumeIdentity(user, group),
        (error) => error instanceof UsageError && error.message.includes(user) && error.hint !== undefined,
      );
      assert.deepEqual([process.geteuid!(), process.getegid!()], [0, 0]);
    }
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { writeAll } from '../../../src/report/render/output.js';

describe('output', () => {
  it('arrives whole and in order through a slow reader', async () => {
    const stream = new PassThrough({ highWaterMark: 16 });
    const pieces = Array.from({ length: 200 }, (_, i) => `line ${i}\n`);
    const writing = writeAll(stream, pieces).then(() => stream.end());
    let got = '';
    for await (const chunk of stream) got += String(chunk);
    await writing;
    assert.equal(got, pieces.join(''));
  });

  it('leaves no listener behind', async () => {
    const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => setImmediate(done) });
    await writeAll(stream, ['a', 'b', 'c']);
    for (const event of ['drain', 'error', 'close']) assert.equal(stream.listenerCount(event), 0);
  });

  it('ends without an error when the reader goes away', async () => {
    const gone = failing('EPIPE');
    await writeAll(gone, Array(100).fill('line\n'));
    assert.ok(gone.destroyed);
  });

  it('reports any other failure', async () => {
    await assert.rejects(writeAll(failing('ENOSPC'), Array(100).fill('line\n')), {
      name: 'OutputError',
      message: 'Cannot write the answer: ENOSPC',
      exitCode: 2,
    });
  });

  it('ends if the stream is closed while it waits', async () => {
    const stuck = new Writable({ highWaterMark: 1, write: () => undefined });
    const writing = writeAll(stuck, ['a', 'b']);
    stuck.destroy();
    await once(stuck, 'close');
    await writing;
    assert.ok(stuck.destroyed);
  });
});

/** A stream whose second write fails. */
function failing(code: string): Writable {
  let writes = 0;
  return new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      writes += 1;
      setImmediate(() => done(writes > 1 ? Object.assign(new Error(code), { code }) : null));
    },
  });
}

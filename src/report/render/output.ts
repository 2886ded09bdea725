import type { Writable } from 'node:stream';
import { messageOf, PortledgerError } from '../../base/errors.js';

/** What a command had to say could not be written: mostly a full disk. */
export class OutputError extends PortledgerError {}

/**
 * Writes pieces of text to a stream as fast as it takes them. A reader that went away (`| head`) ends it without an
 * error; any other failure of the stream throws OutputError.
 */
export async function writeAll(stream: Writable, pieces: Iterable<string>): Promise<void> {
  let failure: NodeJS.ErrnoException | undefined;
  // Stays where it is after a failure: the stream may tell it once more when nobody waits any longer.
  const onError = (error: NodeJS.ErrnoException): void => {
    failure ??= error;
  };
  stream.on('error', onError);
  for (const piece of pieces) {
    if (failure || stream.destroyed) break;
    if (!stream.write(piece)) await room(stream);
  }
  if (!failure && !stream.destroyed) await flushed(stream, onError);
  if (!failure) stream.off('error', onError);
  else throwUnlessGone(failure);
}

/** Until the stream takes more, or never will. */
function room(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'error', 'close'];
    const done = (): void => {
      for (const event of events) stream.off(event, done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
  });
}

function flushed(stream: Writable, onError: (error: NodeJS.ErrnoException) => void): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', (error) => {
      if (error) onError(error);
      resolve();
    });
  });
}

/** Watches a stream from now on. What it returns waits until all is written, and throws OutputError if something was not. */
export function watch(stream: Writable): () => Promise<void> {
  let failure: NodeJS.ErrnoException | undefined;
  stream.on('error', (error) => {
    failure ??= error;
  });
  return async () => {
    await writeAll(stream, []);
    if (failure) throwUnlessGone(failure);
  };
}

function throwUnlessGone(failure: NodeJS.ErrnoException): void {
  if (failure.code === 'EPIPE') return;
  throw new OutputError(`Cannot write the answer: ${messageOf(failure)}`, {
    hint: 'look at the disk that standard output goes to',
  });
}

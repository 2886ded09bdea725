import type { Writable } from 'node:stream';
import { messageOf, PortledgerError } from '../../base/errors.js';

/** The output of a command could not be written, mostly because the disk is full. */
export class OutputError extends PortledgerError {
  override readonly code = 'output';
}

/** Characters that are written at once: one write for each row would cost more than the row. */
const BLOCK_LENGTH = 16_384;

/**
 * Writes pieces of text to a stream as fast as it takes them. Stops without an error when the reader goes away
 * (`| head`); throws OutputError if the stream fails otherwise, and what `pieces` throws.
 */
export async function writeAll(stream: Writable, pieces: Iterable<string> | AsyncIterable<string>): Promise<void> {
  let failure: NodeJS.ErrnoException | undefined;
  // Stays after a failure: the stream may emit it once more, when nothing waits for it any longer.
  const onError = (error: NodeJS.ErrnoException): void => {
    failure ??= error;
  };
  stream.on('error', onError);
  let block = '';
  for await (const piece of pieces) {
    if (failure || stream.destroyed) break;
    block += piece;
    if (block.length < BLOCK_LENGTH) continue;
    if (!stream.write(block)) await room(stream);
    block = '';
  }
  if (block !== '' && !failure && !stream.destroyed && !stream.write(block)) await room(stream);
  if (!failure && !stream.destroyed) await flushed(stream, onError);
  if (!failure) stream.off('error', onError);
  else throwUnlessGone(failure);
}

/** Waits until the stream takes more, or never will. */
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

/** Watches a stream from now on. The function it returns waits until everything is written; it throws OutputError if that failed. */
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

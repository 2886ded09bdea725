import { UnreachableError } from '../../base/errors.js';
import { isLocked, ownerLockPath } from '../../ledger/queue/lock.js';
import { askServer, controlPath } from '../../operate/control/control.js';

/**
 * Asks the server on this queue. Undefined if none runs.
 * @throws UnreachableError if it does not answer, UsageError if it refuses.
 */
export async function askRunningServer(queueFile: string, command: string, argument?: unknown): Promise<unknown> {
  const path = controlPath(queueFile);
  const answer = await askServer(path, command, argument);
  if (answer === undefined && isLocked(ownerLockPath(queueFile)))
    throw new UnreachableError(`A server has queue ${queueFile}, but there is no control socket ${path}`, {
      hint: 'it may just be starting, or another command is at work; if it stays so, somebody removed the socket: restart the server',
    });
  return answer;
}

import { UnreachableError } from '../../base/errors.js';
import { isLocked, ownerLockPath } from '../../ledger/queue/lock.js';
import { type AnswerOf, type RequestOf, SERVER_CONTRACT, type ServerContract } from '../../operate/control/contract.js';
import { askServer, controlPath } from '../../operate/control/control.js';

/**
 * Asks the server on this queue. Undefined if none runs.
 * @throws UnreachableError if it does not answer, ControlRefusal if it refuses
 */
export async function askRunningServer<N extends keyof ServerContract>(
  queueFile: string,
  command: N,
  ...request: RequestOf<ServerContract, N> extends undefined ? [] : [RequestOf<ServerContract, N>]
): Promise<AnswerOf<ServerContract, N> | undefined> {
  const path = controlPath(queueFile);
  const answer = await askServer(path, SERVER_CONTRACT, command, ...request);
  if (answer === undefined && isLocked(ownerLockPath(queueFile)))
    throw new UnreachableError(`A server has queue ${queueFile}, but there is no control socket ${path}`, {
      hint: 'it may just be starting, or another command is at work; if this stays so, somebody removed the socket: restart the server',
    });
  return answer;
}

import { EXIT, type ExitCode, messageOf, PortledgerError } from '../../base/errors.js';
import { visible } from '../../base/text.js';
import { ConfigError } from '../../config/errors.js';

/**
 * Says on stderr what ended a command, in one line (a configuration has one for each fault), and returns the exit code.
 * @param debug print the stack trace too
 */
export function reportFailure(error: unknown, debug: boolean): ExitCode {
  if (error instanceof ConfigError) for (const fault of error.faults) say(fault.toString());
  else if (error instanceof PortledgerError) say(error.hint ? `${messageOf(error)} (${error.hint})` : messageOf(error));
  else if (isOfFile(error))
    say(`${messageOf(error)} (check this path, and what the user of this command may do there)`);
  else if (isOfModule(error)) say(`${messageOf(error)} (run npm ci with this Node, ${process.version})`);
  else say(`${messageOf(error)} (this is a fault in Portledger; run again with --debug and report it)`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return error instanceof PortledgerError ? error.exitCode : EXIT.usage;
}

/** The system refused to open a file that the operator named, or one beside it. */
function isOfFile(error: unknown): boolean {
  const { code, path, syscall } = (typeof error === 'object' && error !== null ? error : {}) as NodeJS.ErrnoException;
  return code !== undefined && path !== undefined && syscall !== undefined;
}

/** A package is missing, or its native part was made for another Node. */
function isOfModule(error: unknown): boolean {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as NodeJS.ErrnoException;
  return ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'].includes(String(code));
}

function say(line: string): void {
  // Text of a client or a file must not move the cursor or colour the terminal
  process.stderr.write(`error: ${visible(line)}\n`);
}

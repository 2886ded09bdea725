/** Exit codes of every command. */
export const EXIT = { ok: 0, nothingFound: 1, usage: 2, unreachable: 3, verificationFailed: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorDetails {
  /** What to do, one sentence without a period. */
  hint?: string;
  /** Values that belong to the error, for log lines. */
  fields?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * Base of every error that Portledger throws on purpose. The message is one line: what is wrong, with which value. The hint says what
 * to do. Any other error is a bug.
 */
export class PortledgerError extends Error {
  readonly hint: string | undefined;
  readonly fields: Record<string, unknown>;
  /** Stable name of the kind of error, in kebab-case, for programs: unique to each class. */
  readonly code: string = 'portledger';
  /** Exit code of a command that this error ends. */
  readonly exitCode: ExitCode = EXIT.usage;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.hint = details.hint;
    this.fields = details.fields ?? {};
  }
}

/** Wrong input of the operator: arguments, configuration, or a file that is not what it should be. */
export class UsageError extends PortledgerError {
  override readonly code: string = 'usage';
}

/** The trail, a peer or a running server does not answer. Trying again later may help. */
export class UnreachableError extends PortledgerError {
  override readonly code: string = 'unreachable';
  override readonly exitCode = EXIT.unreachable;
}

/** The message of anything thrown, in one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s*\n\s*/g, ' ');
}

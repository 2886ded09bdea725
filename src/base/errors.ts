/** Exit codes of every command. */
export const EXIT = { ok: 0, nothingFound: 1, usage: 2, unreachable: 3, verificationFailed: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorDetails {
  /** What the reader should do, one sentence without a period. */
  hint?: string;
  /** Values that belong to the error, for log lines. */
  fields?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * Base of every error that Portledger throws on purpose: one line that says what was wrong and with which value, and a
 * hint that says what to do. Anything else that is thrown is a bug.
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

/** The operator asked for something that cannot be (arguments, configuration, a file that is not what it should be). */
export class UsageError extends PortledgerError {
  override readonly code: string = 'usage';
}

/** The trail, a peer or a running server does not answer; trying again later may help. */
export class UnreachableError extends PortledgerError {
  override readonly code: string = 'unreachable';
  override readonly exitCode = EXIT.unreachable;
}

/** The text of anything that was thrown, in one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s*\n\s*/g, ' ');
}

import { UsageError } from '../base/errors.js';

/** One fault of a configuration. */
export class ConfigFault {
  /** Where: `server.subnets[0].pools[1]`, or `line 3, column 5` if the file is not YAML. Empty for the file itself. */
  readonly path: string;
  /** What is wrong, with the value as the file has it; passwords are masked. */
  readonly message: string;
  readonly value: unknown;
  readonly hint: string;

  constructor(path: string, message: string, value: unknown, hint: string) {
    this.path = path;
    this.message = message;
    this.value = value;
    this.hint = hint;
  }

  /** One line. */
  toString(): string {
    return `${this.path === '' ? '' : `${this.path}: `}${this.message} (${this.hint})`;
  }
}

/** A configuration that cannot be used, with all its faults. */
export class ConfigError extends UsageError {
  override readonly code = 'config';
  /** Absolute. */
  readonly file: string;
  readonly faults: readonly ConfigFault[];

  constructor(file: string, faults: readonly ConfigFault[]) {
    const first = faults[0]!;
    const more = faults.length > 1 ? ` and ${faults.length - 1} more` : '';
    super(`${file}: ${first.path === '' ? '' : `${first.path}: `}${first.message}${more}`, { hint: first.hint });
    this.file = file;
    this.faults = faults;
  }
}

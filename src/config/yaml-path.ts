import { ConfigFault } from './errors.js';

/** Replaces a value whose fault is already reported, so that no reader reports it again. */
export const FAULTED = Symbol('faulted');

const MAX_SHOWN = 100;

/** Shared by all positions of one file: the faults found so far, and the secrets to mask in them. */
export interface Findings {
  readonly faults: ConfigFault[];
  /** Values of environment variables, each with how the file names it: `${NAME}`. */
  readonly secrets: Map<string, string>;
}

/** A position in the file, at which faults are reported. */
export class YamlPath {
  /** `server.subnets[0].pools[1]`; empty for the whole. */
  readonly path: string;
  readonly #findings: Findings;

  constructor(findings: Findings, path = '') {
    this.#findings = findings;
    this.path = path;
  }

  key(name: string): YamlPath {
    return new YamlPath(this.#findings, this.path === '' ? name : `${this.path}.${name}`);
  }

  item(index: number): YamlPath {
    return new YamlPath(this.#findings, `${this.path}[${index}]`);
  }

  /** True if a fault is reported at the key or below it. */
  hasFaultWithin(name: string): boolean {
    const { path } = this.key(name);
    return this.#findings.faults.some((fault) => fault.path.startsWith(path));
  }

  /**
   * Reports a fault: the value, then what is wrong with it (`is not a port`); the problem alone if there is no value. Nothing secret
   * is shown. Returns undefined, for readers to return.
   */
  fault(problem: string, value: unknown, hint: string): undefined {
    const message = value === undefined ? problem : `${this.shown(value)} ${problem}`;
    const safe =
      typeof value === 'string' ? this.#masked(value) : typeof value === 'object' ? this.shown(value) : value;
    this.#findings.faults.push(new ConfigFault(this.path, this.#masked(message), safe, this.#masked(hint)));
    return undefined;
  }

  /** A value as messages show it: as in the file, secrets masked, cut if long. */
  shown(value: unknown): string {
    if (value === null) return 'an empty value';
    const text = this.#masked(JSON.stringify(value));
    return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 3)}...` : text;
  }

  #masked(text: string): string {
    let masked = text;
    for (const [secret, name] of this.#findings.secrets) {
      masked = masked.replaceAll(secret, name).replaceAll(JSON.stringify(secret).slice(1, -1), name);
    }
    return maskPasswords(masked);
  }
}

/** Masks the password of a URL, and `password=...`. */
function maskPasswords(text: string): string {
  return text
    .replace(/((?:mysql|mariadb|[a-z][a-z0-9+.-]*:\/)[:/]+[^\s:/@"]*):[\s\S]*@/gi, '$1:***@')
    .replace(/(passw(?:or)?d=)[^&\s]*/gi, '$1***');
}

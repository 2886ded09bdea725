import { OptionValueError } from './errors.js';
import type { OptionDefinition } from './option-type.js';
import { STANDARD_OPTIONS } from './standard-options.js';

/** The options that a configuration can name: the standard ones and those of the user. Names are not case-sensitive. */
export class OptionRegistry {
  readonly #byName = new Map<string, OptionDefinition>();
  readonly #byCode = new Map<number, OptionDefinition>();

  /**
   * A user-defined option takes the place of the standard one of the same code, whose names stay usable. Throws OptionValueError if
   * a code or name is impossible, taken by another of the user's options, or part of the protocol.
   */
  constructor(userDefined: readonly OptionDefinition[] = []) {
    for (const definition of STANDARD_OPTIONS) this.#add(definition);
    const codes = new Set<number>();
    for (const definition of userDefined) {
      this.#check(definition);
      if (codes.has(definition.code))
        throw new OptionValueError(`Option code ${definition.code} is defined twice`, {
          hint: `remove one of ${this.#byCode.get(definition.code)!.name} and ${definition.name}`,
        });
      codes.add(definition.code);
      this.#add(definition);
    }
  }

  /** The option of a name or alias. */
  byName(name: string): OptionDefinition | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  byCode(code: number): OptionDefinition | undefined {
    return this.#byCode.get(code);
  }

  /** All names and aliases. */
  names(): string[] {
    return [...this.#byName.keys()];
  }

  #add(definition: OptionDefinition): void {
    this.#byCode.set(definition.code, definition);
    for (const name of [definition.name, ...(definition.aliases ?? [])]) {
      this.#byName.set(name.toLowerCase(), definition);
    }
  }

  #check({ code, name }: OptionDefinition): void {
    if (!Number.isInteger(code) || code < 1 || code > 254)
      throw new OptionValueError(`Option ${name} has code ${code}`, { hint: 'give a code from 1 to 254' });
    if (!/^[a-z0-9][a-z0-9._-]*$/i.test(name))
      throw new OptionValueError(`"${name}" is not an option name`, {
        hint: 'use letters, digits, ".", "_" and "-"',
      });
    const taken = this.byName(name);
    if (taken && taken.code !== code)
      throw new OptionValueError(`Option name ${name} belongs to code ${taken.code}`, { hint: 'choose another name' });
    if (this.byCode(code)?.protocol)
      throw new OptionValueError(`Option code ${code} is part of the protocol (${this.byCode(code)!.name})`, {
        hint: 'choose another code, 224 to 254 are free for use on a site',
      });
  }
}

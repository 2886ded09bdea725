import { PortledgerError } from '../base/errors.js';
import type { OptionDefinition } from '../protocol/dhcpv4/option-type.js';
import { encodeOptionValue, parseOptionType } from '../protocol/dhcpv4/option-value.js';
import { OptionRegistry } from '../protocol/dhcpv4/options.js';
import type { OptionSet } from '../server/settings.js';
import { suggestion } from './schema.js';
import type { WrittenOption } from './scope-keys.js';
import type { DefinitionValues } from './server-keys.js';
import type { YamlPath } from './yaml-path.js';

/** Options that the server sets by itself, with the key that configures them, if there is one. */
const OWN_OPTIONS: ReadonlyMap<number, string> = new Map([
  [1, 'remove it, the mask is that of the subnet'],
  [51, 'use the key lease-time'],
  [58, 'use the key renewal-time'],
  [59, 'use the key rebinding-time'],
]);

/** The standard options and those of `option-definitions`; a faulty definition is left out. */
export function readRegistry(definitions: readonly DefinitionValues[]): OptionRegistry {
  const accepted: OptionDefinition[] = [];
  for (const written of definitions) {
    const { name, code, type, at } = written;
    if (name === undefined || code === undefined || type === undefined) continue;
    const definition = attempt(at.key('type'), type, () => ({ name, code, type: parseOptionType(type) }));
    // The registry takes all definitions at once; adding them one by one shows which one it refuses.
    const good = definition && attempt(at, name, () => new OptionRegistry([...accepted, definition]));
    if (good) accepted.push(definition);
  }
  return new OptionRegistry(accepted);
}

/** The encoded options of one scope; faulty ones are left out. */
export function readOptions(written: readonly WrittenOption[], registry: OptionRegistry): OptionSet {
  const options = new Map<number, Buffer>();
  const names = new Map<number, string>();
  for (const { name, value, at } of written) {
    const definition = definitionOf(name, at, registry);
    if (!definition || typeof value === 'symbol' || isForbidden(definition, name, at)) continue;
    const before = names.get(definition.code);
    if (before !== undefined) {
      at.fault(`is the same option as "${before}"`, name, `remove one of the two, both have code ${definition.code}`);
    }
    names.set(definition.code, name);
    const encoded = attempt(at, value, () => encodeOptionValue(definition, value));
    if (encoded) options.set(definition.code, encoded);
  }
  return options;
}

/** Finds an option by name or by code. An unknown code gets the type bytes. */
function definitionOf(name: string, at: YamlPath, registry: OptionRegistry): OptionDefinition | undefined {
  if (!/^\d+$/.test(name)) {
    return registry.byName(name) ?? at.fault('is not a known option', name, suggestion(name, registry.names()));
  }
  const code = Number(name);
  if (code < 1 || code > 254) return at.fault('is not an option code', name, 'write a code from 1 to 254');
  return registry.byCode(code) ?? { name: `option-${code}`, code, type: parseOptionType('string') };
}

function isForbidden({ code, protocol }: OptionDefinition, name: string, at: YamlPath): boolean {
  const own = OWN_OPTIONS.get(code);
  if (!own && !protocol) return false;
  at.fault(
    'is an option that the server sets by itself',
    name,
    own ?? `remove it, option ${code} is part of the protocol`,
  );
  return true;
}

/** Reports why the type or value of an option is refused. */
function attempt<T>(at: YamlPath, value: unknown, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof PortledgerError)) throw error;
    return at.fault(
      `cannot be used: ${error.message}`,
      value,
      error.hint ?? 'see the table of options in docs/dhcp.md',
    );
  }
}

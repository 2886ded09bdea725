import type { OptionRegistry } from '../protocol/dhcpv4/options.js';
import type { BootFields, LeaseTimes, OptionSet, Scoped } from '../server/settings.js';
import { readOptions } from './options.js';
import type { ScopeValues } from './scope-keys.js';
import type { ServerValues } from './server-keys.js';
import type { YamlPath } from './yaml-path.js';

const LEASE_KEYS = ['lease-time', 'min-lease-time', 'max-lease-time', 'renewal-time', 'rebinding-time'] as const;
type WrittenTimes = { readonly [K in (typeof LEASE_KEYS)[number]]?: number };
/** With its inherited values, a scope always has a lease time. */
type InheritedTimes = WrittenTimes & { readonly 'lease-time': number };

/** A scope with its inherited values. */
export interface Scope extends Scoped {
  readonly written: InheritedTimes;
}

/** Reads the outermost scope: the keys of the server itself. */
export function readServerScope(values: ServerValues, registry: OptionRegistry): Scope {
  const written = { 'lease-time': values['lease-time'] };
  return readScope(values, { written, options: new Map(), boot: {} }, registry);
}

/** Reads the scope of a subnet, pool or reservation, which inherits from the scope around it. */
export function readScope(values: ScopeValues, outer: Omit<Scope, 'leases'>, registry: OptionRegistry): Scope {
  const own = writtenTimes(values);
  const written = { ...outer.written, ...own };
  const leases = leaseTimes(written);
  // A fault of an outer scope is reported there only.
  if (Object.keys(own).length > 0) checkTimes(leases, values.at);
  return {
    written,
    leases,
    options: mergedOptions(outer.options, readOptions(values.options ?? [], registry)),
    boot: { ...outer.boot, ...bootFields(values) },
  };
}

/** The part of a scope that the server needs. */
export function scoped({ options, leases, boot }: Scope): Scoped {
  return { options, leases, boot };
}

function writtenTimes(values: ScopeValues): WrittenTimes {
  return Object.fromEntries(LEASE_KEYS.map((key) => [key, values[key]]).filter(([, seconds]) => seconds !== undefined));
}

function leaseTimes(written: InheritedTimes): LeaseTimes {
  const seconds = written['lease-time'];
  return {
    default: seconds,
    min: written['min-lease-time'] ?? seconds,
    max: written['max-lease-time'] ?? seconds,
    ...(written['renewal-time'] === undefined ? {} : { renewal: written['renewal-time'] }),
    ...(written['rebinding-time'] === undefined ? {} : { rebinding: written['rebinding-time'] }),
  };
}

function checkTimes(leases: LeaseTimes, at: YamlPath): void {
  const { min, max, renewal, rebinding } = leases;
  const order = [
    ['min-lease-time', min, 'lease-time', leases.default],
    ['lease-time', leases.default, 'max-lease-time', max],
    ['renewal-time', renewal, 'rebinding-time', rebinding ?? leases.default],
    ['rebinding-time', rebinding, 'lease-time', leases.default],
  ] as const;
  for (const [lower, low, upper, high] of order) {
    if (low === undefined || low <= high) continue;
    at.key(lower).fault(`seconds are more than the ${upper} of ${high}`, low, `lower ${lower} or raise ${upper}`);
  }
}

function mergedOptions(outer: OptionSet, own: OptionSet): OptionSet {
  return own.size === 0 ? outer : new Map([...outer, ...own]);
}

function bootFields(values: ScopeValues): BootFields {
  const { 'next-server': nextServer, 'server-name': serverName, 'boot-file': bootFile } = values;
  return {
    ...(nextServer === undefined ? {} : { nextServer }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(bootFile === undefined ? {} : { bootFile }),
  };
}

import { cpSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Code } from './code.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** A mistake that somebody could make in the failover code. */
export interface Mutant {
  readonly mistake: string;
  /** Of src. */
  readonly file: string;
  /** This text, which occurs once, becomes that. */
  readonly from: string;
  readonly to: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    mistake: 'ignores MCLT: gives what is desired whether the partner knows of it or not',
    file: 'server/failover/lease-time.ts',
    from: 'return Math.min(desired, Math.max(mclt, acknowledged - now + mclt));',
    to: 'return Math.max(desired, Math.min(mclt, acknowledged, now));',
  },
  {
    mistake: 'uses the addresses of a partner that is down before MCLT has passed',
    file: 'server/failover/relationship.ts',
    from: 'return Math.max(this.overAt(binding), this.partnersLongest(binding, now), sinceDown, this.formerLeasesUntil(now));',
    to: 'return Math.min(this.overAt(binding), this.partnersLongest(binding, now), sinceDown);',
  },
  {
    mistake: 'takes an ended lease for free before the partner has agreed',
    file: 'server/failover/ending.ts',
    from: "return rewound(binding, isUp) ?? { ...binding, status: 'EXPIRED', pending: true };",
    to: "return rewound(binding, isUp) ?? { ...binding, status: 'FREE', pending: true };",
  },
  {
    mistake: 'goes by the own clock alone',
    file: 'server/failover/relationship.ts',
    from: 'return Math.ceil(Math.max(0, this.clockAhead)) + 1;',
    to: 'return 0;',
  },
  {
    mistake: 'serves without waiting after its memory was lost',
    file: 'server/failover/machine.ts',
    from: 'const waits = machine.lostAt > 0 &&',
    to: 'const waits = machine.lostAt < 0 &&',
  },
  {
    mistake: 'does not think of what a partner without memory may have promised',
    file: 'server/failover/ending.ts',
    from: 'if (!mayGoOn(binding)) return undefined;',
    to: 'return undefined;',
  },
  {
    mistake: 'forgets on a new connection what was not acknowledged',
    file: 'server/failover/update-queue.ts',
    from: 'for (const address of this.#deferred) this.#queue.add(address);',
    to: 'for (const address of [...this.#deferred].slice(1)) this.#queue.add(address);',
  },
  {
    mistake: 'keeps the place of an update in the window after a refusal',
    file: 'server/failover/update-queue.ts',
    from: 'this.#sent.delete(address);\n    this.#request?.waiting.delete(address);\n    return sent.binding;',
    to: 'this.#request?.waiting.delete(address);\n    return sent.binding;',
  },
  {
    mistake: 'insists on its own lease whether the partner has a later one or not',
    file: 'server/failover/judge.ts',
    from: 'if (!own.pending || !isLater(own, update, context.isPrimary))',
    to: 'if (!own.pending)',
  },
  {
    mistake: 'takes an end that it gave a client back for an earlier one of the partner',
    file: 'server/failover/judge.ts',
    from: 'return own.pending && isLonger',
    to: 'return !own.pending && isLonger',
  },
  {
    mistake: 'takes an expiry of the partner while its own lease goes on',
    file: 'server/failover/judge.ts',
    from: 'return isOver ? take(own, update, context) : judgeExpired(own, update, context);',
    to: 'return isOver || own.ends ? take(own, update, context) : judgeExpired(own, update, context);',
  },
];

/** Mistakes that show themselves in the events of the two servers alone. */
export const AUDIT_MUTANTS: readonly Mutant[] = [
  {
    mistake: 'records the end of every lease, whoever gave it',
    file: 'server/pair/changes.ts',
    from: "if (!before.own || staysOwn || lease?.state !== 'active') return;",
    to: "if (lease?.state !== 'active') return;",
  },
  {
    mistake: 'leaves it to the partner to record an end that that one found',
    file: 'server/pair/changes.ts',
    from: 'else if (isOver && !isPartnersToEnd(change, lease)) expireLease(context, lease);',
    to: 'else if (isOver) return;',
  },
  {
    mistake: 'records the end that the pair agreed upon, and not the one that the client was told',
    file: 'server/pair/changes.ts',
    from: 'end: own?.end ?? after.ends * MICROS_PER_SECOND,',
    to: 'end: after.ends * MICROS_PER_SECOND,',
  },
  {
    mistake: 'takes a lease for its own that the partner has extended',
    file: 'server/failover/judge.ts',
    from: 'own: staysOwn(own, update, context),',
    to: 'own: own.own,',
  },
  {
    mistake: 'takes the port of a lease from nobody but the client',
    file: 'server/failover/judge.ts',
    from: 'return update.portledger?.port ?? (isOfSameExchange(own, update, context) ? own.port : null);',
    to: 'return isSame(own, update, context) ? own.port : null;',
  },
  {
    mistake: 'tells a partner without memory the port that it knew before',
    file: 'server/failover/ending.ts',
    from: 'const binding = withoutPort(known);',
    to: 'const binding = known;',
  },
];

/** A mistake that shows itself with dhcpd as partner. */
export const DHCPD_MUTANT: Mutant = {
  mistake: 'sends what is pending before it has heard a partner that is dhcpd',
  file: 'server/failover/catch-up.ts',
  from: 'const MIN_WAIT: Micros = 3 * MICROS_PER_SECOND;',
  to: 'const MIN_WAIT: Micros = 0;',
};

/** Found only where a server is shut down that its partner cannot hear. */
export const REST_MUTANT: Mutant = {
  mistake: 'goes on alone without asking what a partner did that has shut down unheard',
  file: 'server/failover/machine.ts',
  from: "return input.state === 'SHUTDOWN' && !machine.heard && !isKnown;",
  to: 'return machine.heard && isKnown;',
};

/** In what a partner that decides as dhcpd does differs further: it never repeats an update, and does not wait with one. */
const AS_DHCPD: readonly Omit<Mutant, 'mistake'>[] = [
  { file: 'server/failover/catch-up.ts', from: DHCPD_MUTANT.from, to: DHCPD_MUTANT.to },
  {
    file: 'server/failover/catch-up.ts',
    from: 'const QUIET: Micros = 1 * MICROS_PER_SECOND;',
    to: 'const QUIET: Micros = 0;',
  },
  {
    file: 'server/failover/exchange.ts',
    from: 'const RETRY: Micros = 60 * MICROS_PER_SECOND;',
    to: 'const RETRY: Micros = 1e15;',
  },
  { file: 'server/failover/exchange.ts', from: '2 * CLOCK_LIMIT', to: '-1e9' },
];

/** The code with a mistake in it, as a program of its own in the folder. */
export async function loadMutant(mutant: Mutant, folder: string): Promise<Code> {
  copyCode(folder);
  change(mutant, folder);
  return await loadCode(folder);
}

/** A partner that decides about updates as dhcpd does. */
export async function loadDhcpdModel(folder: string): Promise<Code> {
  copyCode(folder);
  for (const one of AS_DHCPD) change(one, folder);
  const rules = readFileSync(join(ROOT, 'test/server/failover/simulation/dhcpd-judge.ts'), 'utf8');
  renameSync(join(folder, 'src/server/failover/judge.ts'), join(folder, 'src/server/failover/types.ts'));
  const inPlace = rules
    .replaceAll('../../../../src/server/failover/judge.js', './types.js')
    .replaceAll('../../../../src/server/failover/', './')
    .replaceAll('../../../../src/', '../../');
  writeFileSync(join(folder, 'src/server/failover/judge.ts'), inPlace);
  return await loadCode(folder);
}

function copyCode(folder: string): void {
  for (const part of ['src', 'package.json', 'tsconfig.json']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
}

function change({ file, from, to }: Omit<Mutant, 'mistake'>, folder: string): void {
  const path = join(folder, 'src', file);
  const source = readFileSync(path, 'utf8');
  if (source.split(from).length !== 2) throw new Error(`${file} does not have "${from}" once: adapt the mutant`);
  writeFileSync(path, source.replace(from, to));
}

async function loadCode(folder: string): Promise<Code> {
  const load = (file: string) => import(pathToFileURL(join(folder, 'src', file)).href);
  const { FailoverEndpoint: Endpoint } = await load('server/failover/endpoint.ts');
  const { decide } = await load('server/v4/decide.ts');
  const { applyChange } = await load('server/pair/changes.ts');
  return { Endpoint, decide, applyChange };
}

import { cpSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { EndpointClass } from './server.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A mistake that somebody could make in the failover code. */
export interface Mutant {
  readonly mistake: string;
  /** Of src/failover. */
  readonly file: string;
  /** This text, which occurs once, becomes that. */
  readonly from: string;
  readonly to: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    mistake: 'ignores MCLT: gives what is desired whether the partner knows of it or not',
    file: 'lease-time.ts',
    from: 'return Math.min(desired, Math.max(mclt, acknowledged - now + mclt));',
    to: 'return Math.max(desired, Math.min(mclt, acknowledged, now));',
  },
  {
    mistake: 'uses the addresses of a partner that is down before MCLT has passed',
    file: 'relationship.ts',
    from: 'return Math.max(this.overAt(binding), this.partnersLongest(binding), sinceDown, this.memoryHold);',
    to: 'return Math.min(this.overAt(binding), this.partnersLongest(binding), sinceDown);',
  },
  {
    mistake: 'takes an ended lease for free before the partner has agreed',
    file: 'ending.ts',
    from: "return rewound(binding, isUp) ?? { ...binding, status: 'EXPIRED', pending: true };",
    to: "return rewound(binding, isUp) ?? { ...binding, status: 'FREE', pending: true };",
  },
  {
    mistake: 'goes by the own clock alone',
    file: 'relationship.ts',
    from: 'return Math.ceil(Math.max(0, this.clockAhead)) + 1;',
    to: 'return 0;',
  },
  {
    mistake: 'serves without waiting after its memory was lost',
    file: 'machine.ts',
    from: 'const waits = machine.lostAt > 0 &&',
    to: 'const waits = machine.lostAt < 0 &&',
  },
  {
    mistake: 'does not think of what a partner without memory may have promised',
    file: 'ending.ts',
    from: 'if (!mayGoOn(binding)) continue;',
    to: 'if (mayGoOn(binding) || count === 0) continue;',
  },
  {
    mistake: 'forgets on a new connection what was not acknowledged',
    file: 'updates.ts',
    from: 'for (const address of this.#held) this.#queue.add(address);',
    to: 'for (const address of [...this.#held].slice(1)) this.#queue.add(address);',
  },
  {
    mistake: 'keeps the place of an update in the window after a refusal',
    file: 'updates.ts',
    from: 'this.#sent.delete(address);\n    this.#question?.waiting.delete(address);\n    return sent.binding;',
    to: 'this.#question?.waiting.delete(address);\n    return sent.binding;',
  },
  {
    mistake: 'insists on its own lease whether the partner has a later one or not',
    file: 'judge.ts',
    from: 'if (!own.pending || !isLater(own, update, context.isPrimary))',
    to: 'if (!own.pending)',
  },
  {
    mistake: 'takes an end that it gave a client back for an earlier one of the partner',
    file: 'judge.ts',
    from: 'return both && own.pending && isLonger',
    to: 'return both && !own.pending && isLonger',
  },
  {
    mistake: 'takes an expiry of the partner while its own lease goes on',
    file: 'judge.ts',
    from: 'return isOver ? take(own, update, context) : judgeExpired(own, update, context);',
    to: 'return isOver || own.ends ? take(own, update, context) : judgeExpired(own, update, context);',
  },
];

/** A mistake that shows itself with dhcpd as partner. */
export const DHCPD_MUTANT: Mutant = {
  mistake: 'sends what is pending before it has heard a partner that is dhcpd',
  file: 'exchange.ts',
  from: 'const TURN: Micros = 3 * MICROS_PER_SECOND;',
  to: 'const TURN: Micros = 0;',
};

/** In what a partner that decides as dhcpd does differs further: it never repeats an update, and does not wait with one. */
const AS_DHCPD: readonly Omit<Mutant, 'mistake'>[] = [
  { file: 'exchange.ts', from: DHCPD_MUTANT.from, to: DHCPD_MUTANT.to },
  { file: 'exchange.ts', from: 'const QUIET: Micros = 1 * MICROS_PER_SECOND;', to: 'const QUIET: Micros = 0;' },
  { file: 'exchange.ts', from: 'const RETRY: Micros = 60 * MICROS_PER_SECOND;', to: 'const RETRY: Micros = 1e15;' },
  { file: 'exchange.ts', from: '2 * CLOCK_LIMIT', to: '-1e9' },
];

/** The failover code with a mistake in it, as a program of its own in the folder. */
export async function loadMutant(mutant: Mutant, folder: string): Promise<EndpointClass> {
  copyCode(folder);
  change(mutant, folder);
  return await loadEndpoint(folder);
}

/** A partner that decides about updates as dhcpd does. */
export async function loadDhcpdModel(folder: string): Promise<EndpointClass> {
  copyCode(folder);
  for (const one of AS_DHCPD) change(one, folder);
  const rules = readFileSync(join(ROOT, 'test/failover/simulation/dhcpd-judge.ts'), 'utf8');
  renameSync(join(folder, 'src/failover/judge.ts'), join(folder, 'src/failover/types.ts'));
  const inPlace = rules
    .replaceAll('../../../src/failover/judge.js', './types.js')
    .replaceAll('../../../src/failover/', './');
  writeFileSync(join(folder, 'src/failover/judge.ts'), inPlace);
  return await loadEndpoint(folder);
}

function copyCode(folder: string): void {
  for (const part of ['src', 'package.json', 'tsconfig.json']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
}

function change({ file, from, to }: Omit<Mutant, 'mistake'>, folder: string): void {
  const path = join(folder, 'src/failover', file);
  const source = readFileSync(path, 'utf8');
  if (source.split(from).length !== 2) throw new Error(`${file} does not have "${from}" once: adapt the mutant`);
  writeFileSync(path, source.replace(from, to));
}

async function loadEndpoint(folder: string): Promise<EndpointClass> {
  const { FailoverEndpoint } = await import(pathToFileURL(join(folder, 'src/failover/endpoint.ts')).href);
  return FailoverEndpoint;
}

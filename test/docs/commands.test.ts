import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allBlocks, type Block, isThere, pages, placeOf, proseOf, ROOT } from '../support/pages.js';
import { DocumentLab, normalized } from './lab.js';
import { commandsOf, portledgerCommands, wordsOf } from './shell.js';

const SCRIPTS: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts;

/** What a word of another program must fulfil. Those with no check change the machine, or need another one: only their syntax is looked at. */
const PROGRAMS: Readonly<Record<string, (words: readonly string[]) => boolean>> = {
  npm: ([, command, script]) =>
    command === 'run'
      ? script! in SCRIPTS
      : command === 'test'
        ? 'test' in SCRIPTS
        : ['ci', 'prune'].includes(command!),
  npx: ([, program, ...rest]) => program === 'portledger' || (program === 'mocha' && rest.every(isThere)),
  docker: ([, command, flag, file]) =>
    ['build', 'run'].includes(command!) || (command === 'compose' && flag === '-f' && isThere(file!)),
  'rig/engine.sh': ([program]) => isThere(program!),
  'TMPDIR=/dev/shm': ([, ...rest]) => isKnown(rest),
  ...Object.fromEntries(
    ['apt-get', 'cat', 'cd', 'dhcrelay', 'git', 'install', 'ln', 'nft', 'printf', 'sysctl', 'systemctl', 'useradd'].map(
      (name) => [name, () => true],
    ),
  ),
};

/** Commands that end with another code than 0 in the lab, and why. */
const EXPECTED: readonly { command: RegExp; codes: readonly number[]; output: RegExp }[] = [
  // The demonstration is over, and its switches have other names
  { command: /^report .*--at now/, codes: [1], output: /No evidence/ },
  { command: /^report gaps/, codes: [0, 1], output: /SERVER|No gap/ },
  { command: /^report switch building-7/, codes: [1], output: /knows no switch/ },
  { command: /^leases( -c \S+)?$/, codes: [1], output: /no leases/ },
  // A trail in a file has no users
  { command: /^auditors/, codes: [2], output: /SQLite knows no users/ },
  // The server runs, and its partner never comes
  { command: /^queue new/, codes: [2], output: /running|runs|stop/ },
  { command: /^failover (partner-down|pause|shutdown|resume)/, codes: [0, 2], output: /campus/ },
];

/** Who trusts the key from before would not trust the trail by the new one alone. */
const APART = /^key rotate/;

function isKnown(words: readonly string[]): boolean {
  const [program] = words;
  return program === 'portledger' || (PROGRAMS[program!]?.(words) ?? false);
}

/** `key show|rotate` means two commands. */
function alternatives(line: string): string[] {
  const match = /[a-z-]+(?:\|[a-z-]+)+/.exec(line);
  return match ? match[0].split('|').map((word) => line.replace(match[0], word)) : [line];
}

/** The sub-commands among the words, and the options. */
function partsOf(words: readonly string[], subcommands: (path: readonly string[]) => ReadonlySet<string>) {
  const path: string[] = [];
  for (const word of words) {
    if (!subcommands(path).has(word)) break;
    path.push(word);
  }
  return { path, options: words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=')[0]!) };
}

describe('Commands in the documents', function () {
  this.timeout(120_000);
  const lab = new DocumentLab();
  const help = new Map<string, string>();
  const blocks = allBlocks().filter(({ language }) => language === 'sh' || language === 'console');

  before(() => lab.start());
  after(() => lab.close());

  /** `portledger PATH --help`. */
  function helpOf(path: readonly string[]): string {
    const key = path.join(' ');
    const known = help.get(key) ?? lab.run(`portledger ${key} --help`).stdout;
    help.set(key, known);
    return known;
  }

  function subcommands(path: readonly string[]): ReadonlySet<string> {
    const [, list = ''] = helpOf(path).split('\nCommands:\n');
    return new Set([...list.split('\n\n')[0]!.matchAll(/^ {2}([a-z][\w-]*)/gm)].map((match) => match[1]!));
  }

  /** Fails unless the command and its options are in the program's help. */
  function assertInProgram(words: readonly string[]): void {
    const { path, options } = partsOf(words, subcommands);
    const known = `${helpOf(path)}\n${helpOf([])}`;
    const next = words[path.length];
    const isLast = next === undefined || next.startsWith('-') || subcommands(path).size === 0;
    assert.ok(isLast, `portledger ${words.join(' ')}: no command "${next}"`);
    for (const option of options)
      assert.match(known, new RegExp(`(^|[ ,])${option}\\b`, 'm'), `${words.join(' ')}: ${option}`);
  }

  async function assertRuns(line: string, words: readonly string[], output: string | undefined): Promise<void> {
    if ((words[0] === 'serve' || words[0] === 'ship') && !words.includes('--once')) return lab.runDaemon(words);
    const command = words.join(' ');
    const { code, stdout, stderr } = APART.test(command) ? lab.runApart(line) : lab.run(line);
    const expected = EXPECTED.find((one) => one.command.test(command));
    assert.ok((expected?.codes ?? [0]).includes(code!), `${line}: exit ${code}\n${stdout}${stderr}`);
    if (expected) assert.match(stdout + stderr, expected.output, line);
    if (output !== undefined) assert.equal(normalized(stdout), normalized(output), line);
  }

  /** True if the block shows what the demonstration prints. */
  function isOfDemonstration(block: Block): boolean {
    return block.language === 'console' && normalized(lab.demonstration).includes(normalized(block.text));
  }

  for (const block of blocks) {
    it(`${placeOf(block)}: ${commandsOf(block)[0]!.text.split('\n')[0]}`, async () => {
      if (isOfDemonstration(block)) return;
      for (const { text, output } of commandsOf(block)) {
        execFileSync('bash', ['-n', '-c', text]);
        const unknown = wordsOf(text).filter((words) => !isKnown(words));
        assert.deepEqual(unknown, [], text);
        for (const words of portledgerCommands(text)) {
          assertInProgram(words);
          if (!/^docker /.test(text)) await assertRuns(text, words, output);
        }
      }
    });
  }

  it('npm scripts in the text are in package.json', () => {
    const named = pages().flatMap((page) =>
      [...proseOf(page).matchAll(/`npm run ([\w:-]+)/g)].map((match) => match[1]!),
    );
    assert.deepEqual(
      named.filter((name) => !(name in SCRIPTS)),
      [],
    );
  });

  for (const page of pages()) {
    const inline = [...proseOf(page).matchAll(/`(portledger [^`]+)`/g)].map((match) => match[1]!);
    if (inline.length === 0) continue;
    it(`${page}: commands in the text are in the program`, () => {
      for (const line of inline.flatMap(alternatives))
        for (const words of portledgerCommands(line)) assertInProgram(words);
    });
  }
});

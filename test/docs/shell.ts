import type { Block } from '../support/pages.js';

/** One command of a block as a shell reads it, a here-document included, and what the page shows as its output. */
export interface ShellCommand {
  readonly text: string;
  /** Undefined where the page shows no output. */
  readonly output: string | undefined;
}

/** The commands of a `sh` or `console` block, in order. Comments are left out. */
export function commandsOf(block: Block): ShellCommand[] {
  return block.language === 'console' ? ofConsole(block.text) : ofScript(block.text);
}

/** `$ command`, and below it what it prints. */
function ofConsole(text: string): ShellCommand[] {
  const [before, ...parts] = text.split(/^\$ /m);
  if (before !== '') throw new Error(`a console block begins with a command after "$ ": ${before}`);
  return parts.map((part) => {
    const [command, ...output] = part.split('\n');
    return { text: command!, output: output.join('\n').trim() };
  });
}

function ofScript(text: string): ShellCommand[] {
  const commands: ShellCommand[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (line.trim() === '' || line.startsWith('#')) continue;
    const end = /<<'(\w+)'$/.exec(line)?.[1];
    const last = end === undefined ? index : lines.indexOf(end, index);
    commands.push({ text: lines.slice(index, last + 1).join('\n'), output: undefined });
    index = last;
  }
  return commands;
}

/** The commands that `&&` and `;` join in one line, each as its words without quotes. A here-document is left out. */
export function wordsOf(command: string): string[][] {
  const words: string[][] = [[]];
  for (const [word] of command.split('\n')[0]!.matchAll(/"[^"]*"|'[^']*'|&&|;|[^\s;]+/g)) {
    if (word === '&&' || word === ';') words.push([]);
    else words.at(-1)!.push(word.replace(/^(["'])(.*)\1$/, '$2'));
  }
  return words;
}

/** The words of each `portledger ...` in a line: alone, behind npx, or as what a container runs. */
export function portledgerCommands(command: string): string[][] {
  return wordsOf(command).flatMap((words) => {
    const rest = words.filter((word, index) => !(index === 0 && word === 'npx'));
    const isContainer = rest[0] === 'docker' && rest[1] === 'run';
    const at = isContainer ? rest.indexOf('portledger') : rest[0] === 'portledger' ? 0 : -1;
    return at < 0 ? [] : [rest.slice(at + 1).filter((word, index, all) => !isRedirection(word, all[index - 1]))];
  });
}

function isRedirection(word: string, before: string | undefined): boolean {
  return word === '>' || before === '>';
}

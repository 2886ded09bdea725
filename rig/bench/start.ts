import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, type Row } from './result.js';
import type { Settings } from './settings.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/apps/cli/main.js', import.meta.url));

/** Names of the rows; `goal` gives the most that a command may take, in ms, for the time of bare node. */
interface Command {
  readonly what: string;
  readonly args: readonly string[];
  readonly goal?: (bare: number) => number;
}

/**
 * How long commands take from start to end, in ms: bare node, `--version`, `--help`, and a report on the trail of the demo. Medians of many
 * runs; the commands take turns, so that a busy moment of the machine hits all of them.
 */
export async function start(settings: Settings): Promise<Row[]> {
  const folder = join(settings.folder, 'demo');
  execFileSync(process.execPath, [PROGRAM, 'demo', '--data', folder], { stdio: 'ignore' });
  const config = ['-c', join(folder, 'portledger.yaml')];
  const aboveBare = (bare: number): number => bare + 60;
  const commands: Command[] = [
    { what: 'bare node', args: ['-e', '0'] },
    { what: '--version', args: [PROGRAM, '--version'], goal: aboveBare },
    { what: '--help', args: [PROGRAM, '--help'], goal: aboveBare },
    { what: 'report port', args: [PROGRAM, 'report', 'port', 'sw-a', 'Gi1/0/3', ...config], goal: () => 250 },
  ];
  const times = timeInTurns(commands, settings.quick ? 10 : 40);
  const bare = median(times[0]!);
  return commands.flatMap(({ what, goal }, i) => rowsOf(what, times[i]!, goal?.(bare)));
}

function timeInTurns(commands: readonly Command[], rounds: number): number[][] {
  const times: number[][] = commands.map(() => []);
  // The first round fills the page cache, and the compile cache if there is one
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { args }] of commands.entries()) {
      const began = performance.now();
      execFileSync(process.execPath, args, { stdio: 'ignore' });
      if (round > 0) times[i]!.push(performance.now() - began);
    }
  }
  return times;
}

function rowsOf(what: string, times: readonly number[], goal: number | undefined): Row[] {
  const row = (subject: string, value: number): Row => ({ part: 'start', what: `${what}, ms`, subject, value });
  const own = median(times);
  const rows = [row('median', own), row('shortest', Math.min(...times))];
  return goal === undefined ? rows : [...rows, { ...row('goal, at most', goal), ratio: own / goal }];
}

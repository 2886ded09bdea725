import { Command, CommanderError } from 'commander';
import { EXIT } from '../../base/errors.js';
import { version } from '../../base/version.js';
import { OutputError, watch } from '../../report/render/output.js';
import { COMMANDS } from './commands.js';
import { reportFailure } from './fail.js';

const DEFAULT_CONFIG = './portledger.yaml';

const EPILOGUE = `
Exit codes: 0 done or found, 1 nothing found, 2 wrong usage or configuration, or a server refuses,
3 trail, peer or server not reachable, 4 verification failed.`;

/** Runs the command that the arguments of this process name, and sets the exit code. */
export async function run(): Promise<void> {
  const program = await buildProgram(process.argv.slice(2));
  const written = watch(process.stdout);
  // A closed stderr must not end the command
  process.stderr.on('error', () => undefined);
  const debug = (): boolean => program.opts<{ debug?: boolean }>().debug === true;
  try {
    await program.parseAsync();
  } catch (error) {
    // Commander has printed its own errors; help and version end with its code 0
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else process.exitCode = reportFailure(error, debug());
    if (error instanceof OutputError) return;
  }
  await written().catch((error: unknown) => {
    process.exitCode = reportFailure(error, debug());
  });
}

/** The command tree, in which only the command that the arguments name has its options and action. */
async function buildProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('portledger')
    .description('DHCPv4 server that keeps proof of who was on which switch port, when')
    .version(version())
    .option('-c, --config <file>', 'configuration of all commands', DEFAULT_CONFIG)
    .option('--debug', 'print stack traces')
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', EPILOGUE);
  const named = operands(args);
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).description(summary);
    if (named.includes(name)) (await load()).register(command);
  }
  return program;
}

/** The first two arguments that are neither options nor their values: a command, or `help` and a command. */
function operands(args: readonly string[]): string[] {
  const isValue = (index: number): boolean => ['-c', '--config'].includes(args[index - 1] ?? '');
  const found = args.filter((arg, index) => !arg.startsWith('-') && !isValue(index));
  return found[0] === 'help' ? found.slice(1, 2) : found.slice(0, 1);
}

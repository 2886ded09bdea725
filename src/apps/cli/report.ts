import { type Command, Option } from 'commander';
import { EXIT, type ExitCode, PortledgerError } from '../../base/errors.js';
import { type Micros, SystemClock } from '../../base/time.js';
import { ask } from '../../report/ask/ask.js';
import { parseRequest, type Question, type ReportRequest, type TimeOptions } from '../../report/ask/request.js';
import { writeAll } from '../../report/render/output.js';
import { OUTPUTS, type Output } from '../../report/render/outputs.js';
import { renderAnswer } from '../../report/render/render.js';
import { noteAccess, noteAnswer } from '../../trail/store/access-log.js';
import type { Trail } from '../../trail/store/trail.js';
import { configOf } from './context.js';
import { whoAsks, withTrail } from './open-trail.js';
import { printableNote, tableLook } from './terminal.js';

/** An example of each question. */
const QUESTIONS: Readonly<Record<string, string>> = {
  ip: `  who had this address when the complaint says:
    portledger report ip 198.18.16.7 --at 2026-11-20T14:03:07Z`,
  port: `  who was on this port on that day, in local time:
    portledger report port sw-a Gi1/0/12 --from 2026-11-19 --to 2026-11-20 --timezone Europe/Oslo`,
  mac: `  where this device has been, for a spreadsheet, or as a page with the times without evidence:
    portledger report mac 02:00:00:00:00:01 -o csv > device.csv
    portledger report mac 02:00:00:00:00:01 -o html > device.html`,
  switch: `  what is on this switch now:
    portledger report switch sw-a --at now`,
  gaps: `  when there was no evidence at all:
    portledger report gaps --from "30 days ago"`,
};

const NOTES = `
SWITCH and PORT are names as reports show them (case-sensitive), or the raw bytes of remote-id and
circuit-id as 0x hex.

Times: 2026-11-20T14:03:07Z, "2026-11-20 14:03", 2026-11-20 (its first moment), "yesterday 14:00",
"2h ago", now. Without an offset they are in --timezone. --from is included, --to is not.
--at means the whole second, as tables show times; with a fraction it means that very moment.

Forms: json is one object {question, rows, gaps, notes, reach}; ndjson is one row a line, csv rows
under a header. Warnings and notes also go to standard error, whatever the form.
A table is as wide as the terminal, or as COLUMNS says.

Exit code 1: no evidence was found; standard error says whether there could be any.`;

function helpOn(examples: readonly string[]): string {
  return `\nExamples:\n${examples.join('\n')}\n${NOTES}`;
}

/** `portledger report`: who was where, when, from the trail. */
export function register(report: Command): void {
  report.addHelpText('after', helpOn(Object.values(QUESTIONS)));
  const summary = new Option('--summary', 'one line per client: first seen, last seen, how often');
  reportCommand(report, 'port', 'who was on a port of a switch')
    .argument('<switch>', 'name or 0x hex of the switch')
    .argument('<port>', 'name or 0x hex of the port')
    .addOption(summary)
    .action((name: string, port: string, options: Options, command: Command) =>
      print(command, { kind: 'port', switch: name, port, summary: options.summary === true }, options),
    );
  reportCommand(report, 'ip', 'who had an address, and on which port')
    .argument('<address>', 'IPv4 or IPv6 address')
    .action((address: string, options: Options, command: Command) => print(command, { kind: 'ip', address }, options));
  reportCommand(report, 'mac', 'which addresses and ports a device had')
    .argument('<mac>', 'hardware address in any usual notation')
    .action((mac: string, options: Options, command: Command) => print(command, { kind: 'mac', mac }, options));
  reportCommand(report, 'switch', 'who was on any port of a switch')
    .argument('<switch>', 'name or 0x hex of the switch')
    .addOption(summary)
    .action((name: string, options: Options, command: Command) =>
      print(command, { kind: 'switch', switch: name, summary: options.summary === true }, options),
    );
  reportCommand(report, 'gaps', 'spans in which a server can prove nothing').action(
    (options: Options, command: Command) => print(command, { kind: 'gaps' }, options),
  );
}

type Options = TimeOptions & { readonly output: Output; readonly wide?: boolean; readonly summary?: boolean };

function reportCommand(report: Command, name: string, description: string): Command {
  return report
    .command(name)
    .description(description)
    .option('--at <time>', 'at this moment, to the second')
    .option('--from <time>', 'since this moment')
    .option('--to <time>', 'before this moment')
    .addOption(new Option('-o, --output <format>', 'form of the answer').choices(OUTPUTS).default('table'))
    .option('--wide', 'all columns of the table, whatever the width of the terminal')
    .option('--utc', 'times of tables and pages in UTC (default; JSON and CSV always are)')
    .option('--timezone <zone>', 'times of tables and pages, and those you give, in this zone (IANA name)')
    .addHelpText('after', helpOn([QUESTIONS[name]!]));
}

async function print(command: Command, question: Question, options: Options): Promise<void> {
  const now = new SystemClock().now();
  const request = parseRequest(question, options, now);
  const { url, accessLog } = configOf(command).audit;
  await withTrail(url, async (trail) => {
    const answer = (): Promise<ExitCode> => printAnswer(trail, request, options);
    process.exitCode = accessLog ? await logged(trail, wordsOf(command), now, answer) : await answer();
  });
}

/** Prints rows on stdout, then notes on stderr. Returns the exit code. */
async function printAnswer(trail: Trail, request: ReportRequest, { output, wide }: Options): Promise<ExitCode> {
  const answer = await ask(trail, request);
  const { pieces, notes } = await renderAnswer(answer, output, tableLook(wide));
  await writeAll(process.stdout, pieces);
  await writeAll(
    process.stderr,
    notes.map((note) => printableNote(note)),
  );
  return answer.isEmpty ? EXIT.nothingFound : EXIT.ok;
}

/** Writes the question into the access log first: if that fails, there is no answer. */
async function logged(
  { knex }: Trail,
  question: string,
  at: Micros,
  answer: () => Promise<ExitCode>,
): Promise<ExitCode> {
  const id = await noteAccess(knex, { at, ...whoAsks(), question });
  try {
    const exitCode = await answer();
    await noteAnswer(knex, id, exitCode);
    return exitCode;
  } catch (error) {
    if (error instanceof PortledgerError) await noteAnswer(knex, id, error.exitCode);
    throw error;
  }
}

/** The command as it was typed, without the options that all commands have: `report ip 10.0.0.7 --at now`. */
function wordsOf(command: Command): string {
  const given = command.options.flatMap((option) => {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== 'cli') return [];
    const value: unknown = command.getOptionValue(name);
    return value === true ? [option.long!] : [option.long!, String(value)];
  });
  return ['report', command.name(), ...command.processedArgs.map(String), ...given].join(' ');
}

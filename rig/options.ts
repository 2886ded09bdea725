import { Command, InvalidArgumentError, Option } from 'commander';

/** Options of a run. */
export interface RigOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly clients: number;
  /** Ports of each switch. */
  readonly ports: number;
  readonly switches: number;
  /** Seconds between two moves by the permuter. */
  readonly interval: number;
  readonly faults: boolean;
}

/** The cables' network has 29 addresses for clients, switches, permuter and gateway. */
const MAX_CLIENTS = 20;
const MAX_SWITCHES = 4;
const MAX_PORTS = 24;

const NOTES = `
Needs a Docker engine; rig/engine.sh npm run rig starts one for the run. Builds the image of all roles first, unless RIG_IMAGE names an
existing one; RIG_BASE names the base image. Ctrl-C ends a run and removes everything it made.

Exit codes: 0 the trail is exact, 1 it differs, a service died, or a process grows, 2 wrong usage, 3 the rig could not run, 130 stopped.`;

/** Reads the command line of `npm run rig`. Exits with 2 if it is wrong. */
export function readOptions(argv: string[]): RigOptions {
  const command = new Command('npm run rig --')
    .description('Runs a campus in containers, causes faults, and compares the trail with the traffic.')
    .option('--minutes <number>', 'how long clients move between ports', number(0.1, 24 * 60), 3)
    .addOption(seedOption())
    .option('--clients <number>', 'machines with a DHCP client', whole(1, MAX_CLIENTS), 6)
    .option('--switches <number>', 'access switches', whole(1, MAX_SWITCHES), 2)
    .option('--ports <number>', 'ports of each switch', whole(1, MAX_PORTS), 3)
    .option('--interval <seconds>', 'time between two moves', whole(1, 3600), 15)
    .option('--no-faults', 'cause no faults')
    .addHelpText('after', NOTES)
    .configureOutput({ outputError: (text, write) => write(text) })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  return command.parse(argv, { from: 'user' }).opts();
}

/** A random seed; the run prints it. */
function seedOption(): Option {
  return new Option('--seed <number>', 'what determines moves and faults')
    .argParser(whole(0, 2 ** 32 - 1))
    .default(Math.floor(Math.random() * 1_000_000), 'a new one, which is printed');
}

function number(least: number, most: number): (text: string) => number {
  return (text) => read(text, least, most, (value) => !Number.isNaN(value), 'a number');
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => read(text, least, most, Number.isInteger, 'a whole number');
}

function read(text: string, least: number, most: number, is: (value: number) => boolean, what: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (is(value) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`It must be ${what} from ${least} to ${most}.`);
}

import { Command, InvalidArgumentError } from 'commander';

/** What a run is to be like. */
export interface RigOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly clients: number;
  /** Of each switch. */
  readonly ports: number;
  readonly switches: number;
  /** Seconds between two turns of the permuter. */
  readonly interval: number;
  readonly faults: boolean;
}

/** The cables' net has 29 addresses, which clients share with the switches, the permuter and the gateway. */
const MAX_CLIENTS = 20;
const MAX_SWITCHES = 4;
const MAX_PORTS = 24;

/** Reads the command line of `npm run rig`. Ends the process with 2 where it is wrong. */
export function readOptions(argv: string[]): RigOptions {
  const command = new Command('npm run rig --')
    .description(
      'Runs a campus in containers, breaks things on purpose, and compares the trail with what was on the wire.',
    )
    .option('--minutes <number>', 'how long clients are moved about', number(0.1, 24 * 60), 3)
    .option('--seed <number>', 'what determines moves and faults', whole(0, 2 ** 32 - 1), newSeed())
    .option('--clients <number>', 'machines with a DHCP client', whole(1, MAX_CLIENTS), 6)
    .option('--switches <number>', 'access switches', whole(1, MAX_SWITCHES), 2)
    .option('--ports <number>', 'ports of each switch', whole(1, MAX_PORTS), 3)
    .option('--interval <seconds>', 'time between two turns of the port permuter', whole(1, 3600), 15)
    .option('--no-faults', 'break nothing')
    .configureOutput({ outputError: (text, write) => write(text) })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  return command.parse(argv, { from: 'user' }).opts();
}

function newSeed(): number {
  return Math.floor(Math.random() * 1_000_000);
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

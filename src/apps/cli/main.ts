#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { EXIT } from '../../base/errors.js';
import { version } from '../../base/version.js';
import { OutputError, watch } from '../../report/render/output.js';
import { registerAuditors } from './auditors.js';
import { DEFAULT_CONFIG } from './context.js';
import { registerDemo } from './demo.js';
import { registerEvidence } from './evidence.js';
import { reportFailure } from './fail.js';
import { registerFailover } from './failover.js';
import { registerHold } from './hold.js';
import { registerKey } from './key.js';
import { registerLeases } from './leases.js';
import { registerMigrate } from './migrate.js';
import { registerQueue } from './queue.js';
import { registerReport } from './report.js';
import { registerRetain } from './retain.js';
import { registerServe } from './serve.js';
import { registerShip } from './ship.js';
import { registerStatus } from './status.js';
import { registerVerify } from './verify.js';

const EPILOGUE = `
Exit codes: 0 done or found, 1 nothing found, 2 wrong usage or configuration, or a server refuses,
3 trail, peer or server not reachable, 4 verification failed.`;

function buildProgram(): Command {
  const program = new Command('portledger')
    .description('DHCPv4 server that keeps proof of who was on which switch port, when')
    .version(version())
    .option('-c, --config <file>', 'configuration of all commands', DEFAULT_CONFIG)
    .option('--debug', 'print stack traces')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'error: ')) })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', EPILOGUE);
  for (const register of [registerServe, registerShip, registerMigrate, registerReport]) register(program);
  for (const register of [registerVerify, registerEvidence, registerKey]) register(program);
  for (const register of [registerRetain, registerHold, registerAuditors]) register(program);
  for (const register of [registerStatus, registerLeases, registerFailover, registerQueue, registerDemo])
    register(program);
  return program;
}

async function main(): Promise<void> {
  const program = buildProgram();
  const written = watch(process.stdout);
  // Nobody is left to be told
  process.stderr.on('error', () => undefined);
  const debug = (): boolean => program.opts<{ debug?: boolean }>().debug === true;
  try {
    await program.parseAsync();
  } catch (error) {
    // Commander has already said what was wrong; help and version end with its code 0
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else process.exitCode = reportFailure(error, debug());
    if (error instanceof OutputError) return;
  }
  await written().catch((error: unknown) => {
    process.exitCode = reportFailure(error, debug());
  });
}

await main();

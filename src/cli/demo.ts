import { resolve } from 'node:path';
import type { Command } from 'commander';
import { runDemo } from '../demo/demo.js';

/** `portledger demo`: the main job in half a minute, on loopback. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('show the main job on loopback: a small campus, real DHCP, a report (half a minute, no root)')
    .option(
      '--data <folder>',
      'where its configuration, queue and trail go (an earlier run is replaced)',
      './data/demo',
    )
    .action(async ({ data }: { data: string }) => {
      const say = (line: string) => void process.stdout.write(`${line}\n`);
      await runDemo({ folder: resolve(data), main: process.argv[1]!, say });
    });
}

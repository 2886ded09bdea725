import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Namespace } from './netns.js';
import type { Program } from './program.js';
import type { SwitchOptions } from './snooping-switch-main.js';

const MAIN = fileURLToPath(new URL('snooping-switch-main.ts', import.meta.url));

/** Makes a host a layer 2 switch that adds Option 82; its interfaces must be up and have no addresses. */
export async function startSnoopingSwitch(host: Namespace, options: SwitchOptions): Promise<Program> {
  const command = [process.execPath, '--import', 'tsx', MAIN, JSON.stringify(options)];
  // Node looks for tsx from where it runs.
  const program = host.start(command, { cwd: dirname(MAIN) });
  await program.waitFor(/switch-ready/);
  return program;
}

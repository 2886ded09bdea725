#!/usr/bin/env node
import { reportFailure } from './fail.js';

// Packages load only from here on, so that one that is missing or broken costs a line and not a stack trace
try {
  const { run } = await import('./program.js');
  await run();
} catch (error) {
  process.exitCode = reportFailure(error, process.argv.includes('--debug'));
}

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** What `node --import` takes to run TypeScript, from any folder; import.meta.resolve is missing where mocha loads by require. */
export const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

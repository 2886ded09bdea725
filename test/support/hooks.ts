import { databaseHooks } from './database.js';

/** What mocha loads before the tests. */
export const mochaHooks = databaseHooks;

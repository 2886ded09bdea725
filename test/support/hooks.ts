import { databaseHooks } from '../../rig/lab/database.js';

/** What mocha loads before the tests. */
export const mochaHooks = databaseHooks;

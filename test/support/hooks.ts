import { databaseHooks } from '../../rig/lab/database.js';

/** Root hooks that mocha loads before the tests. */
export const mochaHooks = databaseHooks;

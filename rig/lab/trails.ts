import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerEvent } from '../../src/ledger/event/event.js';
import { Trail, type TrailOptions } from '../../src/trail/store/trail.js';
import { freshDatabase, serversHere } from './database.js';
import { ENGINES, SERVER_DATABASES, type ServerDatabase } from './database-engines.js';
import { requires } from './requirements.js';

/** An empty, migrated trail for one test; `open` makes further connections to it. */
export interface TestTrail {
  readonly url: string;
  readonly trail: Trail;
  open(options?: TrailOptions): Promise<Trail>;
}

/** The databases that can hold a trail. */
export type Database = 'SQLite' | ServerDatabase;

/** Declares the same tests on SQLite, MariaDB and MySQL. `current` gives the trail of the running test. */
export function onEveryDatabase(title: string, tests: (current: () => TestTrail, database: Database) => void): void {
  for (const database of ['SQLite', ...SERVER_DATABASES] as const) {
    describe(`${title} on ${database}`, () => {
      let fresh: { url: string; drop(): Promise<void> };
      let opened: Trail[] = [];
      let test: TestTrail;

      beforeEach(async function () {
        this.timeout(60_000);
        if (database !== 'SQLite') requires(this, ENGINES[database].requirement);
        fresh = await makeDatabase(database);
        opened = [];
        const open = async (options?: TrailOptions): Promise<Trail> => {
          const trail = await Trail.open(fresh.url, options);
          opened.push(trail);
          return trail;
        };
        const trail = await open();
        await trail.migrate();
        test = { url: fresh.url, trail, open };
      });

      afterEach(async () => {
        for (const trail of opened) await trail.close();
        opened = [];
        await fresh?.drop();
      });

      tests(() => test, database);
    });
  }
}

/** Appends consecutive events of one queue as one batch. */
export async function ship(trail: Trail, events: readonly LedgerEvent[]): ReturnType<Trail['append']> {
  return await trail.append({ queue: events[0]!.queue, server: events[0]!.server, events });
}

/** The databases that this machine can run. */
export function databases(): Database[] {
  return ['SQLite', ...serversHere()];
}

/** A database with an empty, migrated trail. */
export interface FreshTrail {
  readonly database: Database;
  readonly url: string;
  drop(): Promise<void>;
}

/** Makes an empty, migrated trail. */
export async function makeTrail(database: Database): Promise<FreshTrail> {
  const fresh = await makeDatabase(database);
  const trail = await Trail.open(fresh.url);
  await trail.migrate();
  await trail.close();
  return { database, ...fresh };
}

/** Makes an empty database: a file, or one on the server that all tests share. */
async function makeDatabase(database: Database): Promise<{ url: string; drop(): Promise<void> }> {
  if (database !== 'SQLite') return await freshDatabase(database);
  const folder = mkdtempSync(join(tmpdir(), 'portledger-trail-'));
  return { url: `sqlite:${folder}/audit.db`, drop: async () => rmSync(folder, { recursive: true }) };
}

import type { QueueKind } from '../../ledger/queue/schema.js';

const LEASES = `
  CREATE TABLE leases (
    address INTEGER PRIMARY KEY,
    state TEXT NOT NULL,
    client BLOB NOT NULL,
    htype INTEGER NOT NULL,
    hwaddr BLOB NOT NULL,
    client_id BLOB,
    hostname BLOB,
    start INTEGER NOT NULL,
    renewed INTEGER NOT NULL,
    end INTEGER NOT NULL,
    port_giaddr INTEGER,
    port_option82 BLOB
  );
`;

/**
 * What a failover pair must remember: the binding of each shared address, and for each relationship the states of both servers.
 * Times are Unix seconds, as on the wire.
 */
const FAILOVER = `
  CREATE TABLE bindings (
    address INTEGER PRIMARY KEY,
    status TEXT NOT NULL,
    htype INTEGER,
    hwaddr BLOB,
    client_id BLOB,
    hostname BLOB,
    port_giaddr INTEGER,
    port_option82 BLOB,
    starts INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    cltt INTEGER NOT NULL,
    promised INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL,
    agreed INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    own INTEGER NOT NULL,
    rewind TEXT,
    flags INTEGER NOT NULL
  );
  CREATE TABLE relationships (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    partner_state TEXT,
    partner_since INTEGER NOT NULL,
    mclt INTEGER NOT NULL,
    hba TEXT NOT NULL,
    lost_at INTEGER NOT NULL,
    partner_lost_at INTEGER NOT NULL,
    clock_ahead INTEGER NOT NULL
  );
`;

/** A longer MCLT of before, and until when a lease given by it may last. */
const FORMER_MCLT = `
  ALTER TABLE relationships ADD COLUMN former_mclt INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE relationships ADD COLUMN former_until INTEGER NOT NULL DEFAULT 0;
`;

/** Which of the two servers this one was; null in older files. */
const ROLE = 'ALTER TABLE relationships ADD COLUMN role TEXT;';

/** The queue of a DHCP server: the log, and beside it its leases and what its failover pairs remember. */
export const SERVER_QUEUE: QueueKind = {
  owner: 'server',
  tables: { leases: 1, bindings: 3, relationships: 3 },
  steps: { 1: LEASES, 3: FAILOVER, 4: FORMER_MCLT, 5: ROLE },
};

import { uuidBytes } from '../../ledger/event/encoding.js';
import type { Sighting } from '../sightings/rules.js';
import type { RowForm } from './bulk.js';
import type { RowText } from './row-text.js';
import { SIGHTING_COLUMNS, sightingToRow } from './sighting-rows.js';

/** How sightings are written to their table. */
export const SIGHTING_FORM: RowForm<Sighting> = {
  table: 'sightings',
  columns: SIGHTING_COLUMNS,
  keyLength: 2,
  values: sightingToRow,
  write: writeSighting,
};

/** Writes the same as `sightingToRow`, without an array of values. */
function writeSighting(text: RowText, sighting: Sighting): void {
  text.bytes(uuidBytes(sighting.openedQueue));
  text.number(sighting.openedSequence);
  text.text(sighting.ip);
  text.number(sighting.htype);
  text.mac(sighting.hwaddr);
  text.bytes(sighting.clientId);
  text.escaped(sighting.hostname);
  text.bytes(sighting.switchId);
  text.bytes(sighting.portId);
  text.time(sighting.firstSeen);
  text.time(sighting.lastSeen);
  text.time(sighting.leaseUntil);
  text.time(sighting.endedAt);
  text.text(sighting.endReason);
  text.text(sighting.evidence);
  text.text(sighting.server);
  text.number(sighting.events);
}

import { type Micros, toSqlTime } from '../../base/time.js';
import { uuidBytes } from '../../ledger/event/encoding.js';
import type { LedgerEvent } from '../../ledger/event/event.js';
import { type Baseline, isBaselineSignedBy } from '../../ledger/proof/baseline.js';
import type { KeyRing } from '../../ledger/proof/key-ring.js';
import { openingKey, type Sighting } from '../sightings/rules.js';
import { digestOpenSightings, openSightingsAt } from '../store/baseline-rows.js';
import type { TrailConnection } from '../store/database.js';
import type { Row } from '../store/event-table.js';
import { GAP_COLUMNS, gapRow, gapToRow } from '../store/gap-rows.js';
import { gapOf } from '../store/gaps.js';
import { quarantineGap } from '../store/quarantine.js';
import type { SightingRow } from '../store/sighting-rows.js';
import { sightingRows } from '../store/sighting-table.js';
import { LIST_LENGTH } from '../store/sql.js';
import type { Findings } from './findings.js';
import { gapPages, sightingPages } from './rows.js';
import { isSameValue, SightingCheck } from './sighting-check.js';
import { StoredRows } from './stored-rows.js';

interface QueueRows {
  readonly sightings: StoredRows;
  readonly gaps: StoredRows;
}

/** Rebuilds sightings and gaps from the events and compares them with the tables. */
export class DerivedCheck {
  readonly sightings: SightingCheck;
  readonly #db: TrailConnection;
  readonly #findings: Findings;
  readonly #queues = new Map<string, QueueRows>();
  readonly #seeds = new Set<string>();
  /** Events before this time are removed, or are in no sighting. */
  #before: Micros | null = null;
  #old = 0;

  constructor(db: TrailConnection, findings: Findings) {
    this.#db = db;
    this.#findings = findings;
    this.sightings = new SightingCheck(findings);
  }

  /** Sightings that had ended before the events that retention left: they cannot be checked. */
  get old(): number {
    return this.#old;
  }

  /** Begins at the baseline of retention: with the signed list of sightings that were open then. */
  async startFrom(baseline: Baseline, ring: KeyRing): Promise<void> {
    const key = ring.get(baseline.keyId);
    const what = `The record of the retention of ${toSqlTime(baseline.at)} UTC`;
    if (!key)
      this.#findings.add('removal', null, null, `${what} is signed by key ${baseline.keyId}, which is not trusted`);
    else if (!isBaselineSignedBy(baseline, key))
      this.#findings.add('removal', null, null, `${what} has a signature that does not fit it`);
    const { open, openDigest } = await digestOpenSightings(this.#db, baseline);
    if (open !== baseline.open || Buffer.compare(openDigest, baseline.openDigest) !== 0) {
      this.#findings.add('removal', null, null, `${what} lists other open sightings than were signed`);
    }
    this.#before = baseline.before;
    let part: Sighting[] = [];
    for await (const sighting of openSightingsAt(this.#db, baseline)) {
      part.push(sighting);
      if (part.length < LIST_LENGTH) continue;
      await this.#seed(part, baseline);
      part = [];
    }
    await this.#seed(part, baseline);
  }

  /** Must be called for a queue before its events. */
  addQueue(queue: string, isRemoved: (sequence: number) => boolean): void {
    const onSighting = (row: Row, sequence: number): void => this.#noteStraySighting(queue, row, sequence);
    const onGap = (row: Row, sequence: number): void => {
      if (isRemoved(sequence)) return;
      this.#findings.add(
        'gap',
        queue,
        sequence,
        `Gap ${row.kind} of event ${sequence} is in the trail, but no event tells of it`,
      );
    };
    this.#queues.set(queue, {
      sightings: new StoredRows(sightingPages(this.#db, queue), 'opened_sequence', onSighting),
      gaps: new StoredRows(gapPages(this.#db, queue), 'sequence', onGap),
    });
  }

  /** True if {@link goTo} must be called before {@link observe}. */
  needs(event: LedgerEvent): boolean {
    const { sightings, gaps } = this.#queues.get(event.queue)!;
    return sightings.needs(event.sequence) || gaps.needs(event.sequence);
  }

  /** Reads on to the rows of this event. */
  async goTo(event: LedgerEvent): Promise<void> {
    const { sightings, gaps } = this.#queues.get(event.queue)!;
    await sightings.goTo(event.sequence);
    await gaps.goTo(event.sequence);
  }

  /** Checks the next event, in the order of time. */
  observe(event: LedgerEvent): void {
    const rows = this.#queues.get(event.queue)!;
    this.#checkGap(event, rows.gaps);
    if (this.#before !== null && event.at < this.#before) return;
    this.sightings.observe(event, ({ sequence }) => rows.sightings.take(sequence) as SightingRow | undefined);
  }

  /** Checks that a quarantined event has its gap; it is in no sighting. */
  async observeAside(event: LedgerEvent): Promise<void> {
    const gap = quarantineGap(event, '');
    const { queue, sequence, kind } = gap;
    const stored = await gapRow(this.#db, gap);
    const row = gapToRow(gap);
    // The detail is the database's message, for which there is no proof.
    const isSame = GAP_COLUMNS.every((column, i) => column === 'detail' || isSameValue(row[i]!, stored?.[column]));
    if (!isSame)
      this.#findings.add(
        'gap',
        queue,
        sequence,
        `Gap ${kind} of event ${sequence}, which is set aside, is missing or changed`,
      );
  }

  /** Checks the remaining rows. */
  async end(): Promise<void> {
    for (const { sightings, gaps } of this.#queues.values()) {
      await sightings.goTo(Number.MAX_SAFE_INTEGER);
      await gaps.goTo(Number.MAX_SAFE_INTEGER);
    }
    this.sightings.end();
  }

  #checkGap(event: LedgerEvent, rows: StoredRows): void {
    const gap = gapOf(event);
    if (gap === null) return;
    const { queue, sequence } = event;
    const stored = rows.take(sequence);
    const row = gapToRow(gap);
    const wrong = stored && GAP_COLUMNS.filter((column, i) => !isSameValue(row[i]!, stored[column]));
    const report = (what: string): void =>
      this.#findings.add('gap', queue, sequence, `Gap ${gap.kind} of event ${sequence} ${what}`);
    if (!wrong) report('is missing');
    else if (wrong.length > 0) report(`does not follow from the event: ${wrong.join(', ')}`);
  }

  #noteStraySighting(queue: string, row: Row, sequence: number): void {
    if (this.#seeds.has(`${queue}/${sequence}`)) return;
    const before = this.#before === null ? null : toSqlTime(this.#before);
    const end = (row.ended_at ?? row.lease_until) as string;
    if (before !== null && (row.first_seen as string) < before && end <= before) this.#old += 1;
    else this.sightings.noteInserted(queue, sequence);
  }

  async #seed(part: readonly Sighting[], baseline: Baseline): Promise<void> {
    if (part.length === 0) return;
    const rows = await sightingRows(this.#db, part.map(openingKey));
    const byName = new Map(
      rows.map((row) => [`${(row.opened_queue as Buffer).toString('hex')}/${row.opened_sequence}`, row]),
    );
    for (const sighting of part) {
      const { openedQueue, openedSequence, leaseUntil } = sighting;
      this.#seeds.add(`${openedQueue}/${openedSequence}`);
      const stored = byName.get(`${uuidBytes(openedQueue).toString('hex')}/${openedSequence}`);
      // A lease that ran out without an event may have been removed as ended.
      const isRemoved =
        stored === undefined && baseline.sightingsBefore !== null && leaseUntil < baseline.sightingsBefore;
      if (!isRemoved) this.sightings.seed(sighting, stored);
    }
  }
}

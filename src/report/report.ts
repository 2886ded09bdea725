import type { Writable } from 'node:stream';
import type { Knex } from 'knex';
import { EXIT, type ExitCode } from '../base/errors.js';
import { readBaseline } from '../trail/baseline-rows.js';
import { renderCsv } from './csv.js';
import { GAP_SHAPE, type GapRow, readGaps } from './gaps.js';
import { HISTORY_SHAPE, type HistoryRow, readHistory, type Subject } from './history.js';
import { renderJson } from './json.js';
import { emptyNotes, gapWarnings, retentionNotes, stopNotes } from './notes.js';
import { writeAll } from './output.js';
import { findPorts, findSwitches, NotFoundError } from './places.js';
import { readReach } from './reach.js';
import type { Output, Question, ReportRequest } from './request.js';
import type { Cells, ColumnKind } from './shape.js';
import { CLIENT_SHAPE, summarize } from './summary.js';
import { renderTable, type TableColumn } from './table.js';
import { clientColumns, gapColumns, historyColumns } from './tables.js';
import { visible } from './visible.js';

/** Where a report goes. */
export interface ReportStreams {
  /** Data alone. */
  readonly out: Writable;
  /** What is said about the data, a line each. */
  readonly err: Writable;
  /** Characters that a line of a table may have. */
  readonly width: number;
}

/**
 * Answers a question from the trail and returns what the command exits with: 1 if there is no evidence. Throws
 * NotFoundError or UsageError for a switch or port that the trail does not know, or what the driver throws.
 */
export async function runReport(db: Knex, request: ReportRequest, streams: ReportStreams): Promise<ExitCode> {
  const gaps = await readGaps(db, request.span);
  const say = (notes: readonly string[]): Promise<void> =>
    writeAll(
      streams.err,
      notes.map((note) => `${visible(note)}\n`),
    );
  try {
    const { count, pieces } = await answer(db, request, gaps, streams.width);
    await writeAll(streams.out, pieces);
    const reaches = await readReach(db);
    if (count === 0) await say(emptyNotes(request, gaps, reaches));
    else if (request.question.about !== 'gaps') await say(gapWarnings(gaps, request.zone));
    await say(stopNotes(request, reaches));
    await say(retentionNotes(request, (await readBaseline(db))?.sightingsBefore ?? null));
    return count === 0 ? EXIT.nothingFound : EXIT.ok;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    // A program that reads the data gets an empty answer of the form it asked for.
    await writeAll(streams.out, nothing(request).pieces);
    await say(gapWarnings(gaps, request.zone));
    throw error;
  }
}

interface Rendered {
  readonly count: number;
  readonly pieces: Iterable<string>;
}

type Located = Exclude<Question, { about: 'gaps' }>;

async function answer(db: Knex, request: ReportRequest, gaps: readonly GapRow[], width: number): Promise<Rendered> {
  const { question, zone, output } = request;
  if (question.about === 'gaps') return render(gaps, GAP_SHAPE, gapColumns(zone), output, width);
  const subject = await subjectOf(db, question);
  const rows = inOrder(await readHistory(db, subject, request.span, request.now), question, request);
  if ('summary' in question && question.summary)
    return render(summarize(rows), CLIENT_SHAPE, clientColumns(question.about, zone), output, width);
  return render(rows, HISTORY_SHAPE, historyColumns(question.about, zone), output, width);
}

async function subjectOf(db: Knex, question: Located): Promise<Subject> {
  if (question.about === 'ip') return { by: 'ip', value: question.address };
  if (question.about === 'mac') return { by: 'mac', value: question.mac };
  const switches = await findSwitches(db, question.switch);
  if (question.about === 'switch') return { by: 'switch_id', ids: switches };
  return { by: 'port_id', ids: await findPorts(db, switches, question.port, question.switch) };
}

/** Oldest first; who was on a switch at one moment by port, as it is labelled. */
function inOrder(rows: HistoryRow[], question: Located, { span }: ReportRequest): HistoryRow[] {
  if (question.about !== 'switch' || span.kind !== 'at') return rows;
  const collator = new Intl.Collator('en', { numeric: true });
  return rows.sort((a, b) => collator.compare(a.portName ?? '', b.portName ?? ''));
}

function render<Row extends object>(
  rows: readonly Row[],
  shape: Readonly<Record<string, ColumnKind>>,
  columns: readonly TableColumn<Row>[],
  output: Output,
  width: number,
): Rendered {
  const cells = rows as readonly (Row & Cells)[];
  if (output === 'json') return { count: rows.length, pieces: renderJson(cells, shape) };
  if (output === 'csv') return { count: rows.length, pieces: renderCsv(cells, shape) };
  return { count: rows.length, pieces: rows.length === 0 ? [] : [renderTable(rows, columns, width)] };
}

/** The answer without rows to a question that needs no look into the trail. */
function nothing({ question, output }: ReportRequest): Rendered {
  const summary = 'summary' in question && question.summary;
  return render<object>([], summary ? CLIENT_SHAPE : HISTORY_SHAPE, [], output, 0);
}

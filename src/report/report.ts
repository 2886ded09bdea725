import type { Writable } from 'node:stream';
import type { Knex } from 'knex';
import { EXIT, type ExitCode } from '../base/errors.js';
import { readBaseline } from '../trail/baseline-rows.js';
import { renderCsv } from './csv.js';
import { GAP_SHAPE, type GapRow, readGaps } from './gaps.js';
import { HISTORY_SHAPE, type HistoryRow, readHistory, type Subject } from './history.js';
import { htmlTable, renderHtml } from './html.js';
import { renderJson } from './json.js';
import { emptyNotes, gapWarnings, nameQuestion, retentionNotes, stopNotes } from './notes.js';
import { writeAll } from './output.js';
import { findPorts, findSwitches, NotFoundError } from './places.js';
import { readReach } from './reach.js';
import type { Question, ReportRequest } from './request.js';
import type { Cells, ColumnKind } from './shape.js';
import { describeSpan } from './span.js';
import { CLIENT_SHAPE, summarize } from './summary.js';
import { renderTable, type TableColumn } from './table.js';
import { clientColumns, gapColumns, historyColumns } from './tables.js';
import { visible } from './visible.js';
import { formatInZone } from './zone.js';

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
  const tell = async ({ pieces }: Rendered, notes: readonly string[]): Promise<void> => {
    await writeAll(streams.out, pieces(notes));
    await writeAll(
      streams.err,
      notes.map((note) => `${visible(note)}\n`),
    );
  };
  try {
    const rendered = await answer(db, request, gaps, streams.width);
    await tell(rendered, await notesOn(db, request, gaps, rendered.count));
    return rendered.count === 0 ? EXIT.nothingFound : EXIT.ok;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    // A program that reads the data gets an empty answer of the form it asked for.
    await tell(nothing(request, gaps), gapWarnings(gaps, request.zone));
    throw error;
  }
}

interface Rendered {
  readonly count: number;
  /** The answer as it is written; a page has the notes in it. */
  pieces(notes: readonly string[]): Iterable<string>;
}

type Located = Exclude<Question, { about: 'gaps' }>;

/** What is said about an answer of so many rows. */
async function notesOn(db: Knex, request: ReportRequest, gaps: readonly GapRow[], count: number): Promise<string[]> {
  const reaches = await readReach(db);
  const warnings = request.question.about === 'gaps' ? [] : gapWarnings(gaps, request.zone);
  return [
    ...(count === 0 ? emptyNotes(request, gaps, reaches) : warnings),
    ...stopNotes(request, reaches),
    ...retentionNotes(request, (await readBaseline(db))?.sightingsBefore ?? null),
  ];
}

async function answer(db: Knex, request: ReportRequest, gaps: readonly GapRow[], width: number): Promise<Rendered> {
  const { question, zone } = request;
  if (question.about === 'gaps') return render(request, gaps, GAP_SHAPE, gapColumns(zone), gaps, width);
  const subject = await subjectOf(db, question);
  const rows = inOrder(await readHistory(db, subject, request.span, request.now), question, request);
  if ('summary' in question && question.summary)
    return render(request, summarize(rows), CLIENT_SHAPE, clientColumns(question.about, zone), gaps, width);
  return render(request, rows, HISTORY_SHAPE, historyColumns(question.about, zone), gaps, width);
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
  request: ReportRequest,
  rows: readonly Row[],
  shape: Readonly<Record<string, ColumnKind>>,
  columns: readonly TableColumn<Row>[],
  gaps: readonly GapRow[],
  width: number,
): Rendered {
  const cells = rows as readonly (Row & Cells)[];
  const pieces = (notes: readonly string[]): Iterable<string> => {
    if (request.output === 'json') return renderJson(cells, shape);
    if (request.output === 'csv') return renderCsv(cells, shape);
    if (request.output === 'html') return page(request, rows, columns, gaps, notes);
    return rows.length === 0 ? [] : [renderTable(rows, columns, width)];
  };
  return { count: rows.length, pieces };
}

/** The answer, what is said about it, and every gap of its time: all that somebody needs who gets nothing but the page. */
function page<Row>(
  { question, span, zone, now }: ReportRequest,
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  gaps: readonly GapRow[],
  notes: readonly string[],
): Iterable<string> {
  const when = describeSpan(span, zone);
  const about = [when === '' ? 'of all time' : when, `asked at ${formatInZone(now, zone)} ${zone}`];
  const tables = [htmlTable('Found', rows, columns)];
  if (question.about !== 'gaps') tables.push(htmlTable('No evidence', gaps, gapColumns(zone)));
  return renderHtml({ title: `Portledger: ${nameQuestion(question)}`, about, notes }, tables);
}

/** The answer without rows to a question that needs no look into the trail. */
function nothing(request: ReportRequest, gaps: readonly GapRow[]): Rendered {
  const summary = 'summary' in request.question && request.question.summary;
  return render<object>(request, [], summary ? CLIENT_SHAPE : HISTORY_SHAPE, [], gaps, 0);
}

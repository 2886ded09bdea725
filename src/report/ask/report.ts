import type { Writable } from 'node:stream';
import type { Knex } from 'knex';
import { EXIT, type ExitCode } from '../../base/errors.js';
import { visible } from '../../base/visible.js';
import { renderCsv } from '../render/csv.js';
import { htmlTable, renderHtml } from '../render/html.js';
import { renderJson } from '../render/json.js';
import { writeAll } from '../render/output.js';
import { renderTable, type TableColumn } from '../render/table.js';
import { clientColumns, gapColumns, historyColumns } from '../render/tables.js';
import { type Findings, readFindings } from './findings.js';
import { GAP_SHAPE, type GapRow } from './gaps.js';
import { HISTORY_SHAPE, type HistoryRow } from './history.js';
import { emptyNotes, gapWarnings, nameQuestion, retentionNotes, stopNotes } from './notes.js';
import { findPorts, findSwitches, NotFoundError } from './places.js';
import { readReaches } from './reach.js';
import type { Located, Question, ReportRequest } from './request.js';
import type { Cells, ColumnKind } from './shape.js';
import { describeSpan } from './span.js';
import { CLIENT_SHAPE, summarize } from './summary.js';
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
  const findings = await readFindings(db, request);
  const rendered = answer(request, findings, streams.width);
  if (rendered.count > 0) {
    await tell(rendered, await notesOn(db, request, findings, false), streams);
    return EXIT.ok;
  }
  try {
    await checkPlace(db, request.question);
  } catch (error) {
    // A program that reads the data gets an empty answer of the form it asked for.
    if (error instanceof NotFoundError) await tell(rendered, gapWarnings(findings.gaps, request.zone), streams);
    throw error;
  }
  await tell(rendered, await notesOn(db, request, findings, true), streams);
  return EXIT.nothingFound;
}

interface Rendered {
  readonly count: number;
  /** The answer as it is written; a page has the notes in it. */
  pieces(notes: readonly string[]): Iterable<string>;
}

async function tell({ pieces }: Rendered, notes: readonly string[], { out, err }: ReportStreams): Promise<void> {
  await writeAll(out, pieces(notes));
  await writeAll(
    err,
    notes.map((note) => `${visible(note)}\n`),
  );
}

/** Throws NotFoundError or UsageError if the question is about a switch or port that the trail does not know. */
async function checkPlace(db: Knex, question: Question): Promise<void> {
  if (!('switch' in question)) return;
  const switches = await findSwitches(db, question.switch);
  if (question.about === 'port') await findPorts(db, switches, question.port, question.switch);
}

/** What is said about an answer. */
async function notesOn(db: Knex, request: ReportRequest, findings: Findings, isEmpty: boolean): Promise<string[]> {
  const { gaps, lasts, removedBefore } = findings;
  const warnings = request.question.about === 'gaps' ? [] : gapWarnings(gaps, request.zone);
  return [
    ...(isEmpty ? emptyNotes(request, gaps, await readReaches(db)) : warnings),
    ...stopNotes(request, lasts),
    ...retentionNotes(request, removedBefore),
  ];
}

function answer(request: ReportRequest, { history, gaps }: Findings, width: number): Rendered {
  const { question, zone } = request;
  if (question.about === 'gaps') return render(request, gaps, GAP_SHAPE, () => gapColumns(zone), gaps, width);
  const rows = inOrder(history, question, request);
  if ('summary' in question && question.summary)
    return render(request, summarize(rows), CLIENT_SHAPE, () => clientColumns(question.about, zone), gaps, width);
  return render(request, rows, HISTORY_SHAPE, () => historyColumns(question.about, zone), gaps, width);
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
  columns: () => readonly TableColumn<Row>[],
  gaps: readonly GapRow[],
  width: number,
): Rendered {
  const cells = rows as readonly (Row & Cells)[];
  const pieces = (notes: readonly string[]): Iterable<string> => {
    if (request.output === 'json') return renderJson(cells, shape);
    if (request.output === 'csv') return renderCsv(cells, shape);
    if (request.output === 'html') return page(request, rows, columns(), gaps, notes);
    return rows.length === 0 ? [] : [renderTable(rows, columns(), width)];
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

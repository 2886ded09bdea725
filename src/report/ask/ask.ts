import type { Micros } from '../../base/time.js';
import { type History, readHistory } from '../../trail/store/history/history.js';
import type { HistoryRow, Subject } from '../../trail/store/history/history-rows.js';
import { earliest } from '../../trail/store/history/reach.js';
import type { Trail } from '../../trail/store/trail.js';
import type { Answer, AnswerFrame, Note, Reach, Rows } from './answer.js';
import { findPorts, findSwitches, NotFoundError } from './names.js';
import { gapWarnings, notesOnEmpty, notesOnFound, unknownName } from './notes.js';
import type { Question, ReportRequest, SubjectQuestion } from './request.js';
import { summarize } from './summary.js';

export interface AskOptions {
  /** Sightings that are read into memory; more become a stream. Default 10,000. */
  readonly mostInMemory?: number | undefined;
}

/**
 * Answers a question from the trail. Finding nothing is an answer, too, and so is a switch or port that the trail does not
 * know. Throws UsageError for bytes that are not hex, DamagedTrailError, or what the driver throws.
 *
 * A stream of rows holds a connection until it is read to its end or closed.
 */
export async function ask(trail: Trail, request: ReportRequest, { mostInMemory }: AskOptions = {}): Promise<Answer> {
  const { question, span, now } = request;
  const history = await readHistory(trail.connection, subjectOf(question), span, now, mostInMemory);
  const isEmpty = isNone(question.kind === 'gaps' ? history.gaps : history.sightings);
  const notes = isEmpty ? await notesOnNothing(trail, request, history) : notesOnFound(request, history);
  const frame = { request, isEmpty, gaps: history.gaps, notes, reach: reachOf(history) };
  return question.kind === 'gaps'
    ? { ...frame, kind: 'gaps', rows: history.gaps }
    : await aboutSubject(frame, question, history.sightings);
}

function subjectOf(question: Question): Subject | null {
  return question.kind === 'gaps' ? null : question;
}

function isNone(rows: Rows<object>): boolean {
  return 'length' in rows && rows.length === 0;
}

async function aboutSubject(
  frame: AnswerFrame,
  question: SubjectQuestion,
  sightings: Rows<HistoryRow>,
): Promise<Answer> {
  if (question.summary) return { ...frame, kind: 'clients', rows: await summarize(sightings) };
  if (question.kind !== 'switch' || frame.request.span.kind !== 'at')
    return { ...frame, kind: 'sightings', rows: sightings };
  return { ...frame, kind: 'sightings', rows: byPort(await collect(sightings)) };
}

/** All rows in memory. */
export async function collect<Row>(rows: Rows<Row>): Promise<readonly Row[]> {
  if ('length' in rows) return rows;
  const all: Row[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** Who is on a switch at one moment: in the order of the labels on its ports. */
function byPort(rows: readonly HistoryRow[]): HistoryRow[] {
  const collator = new Intl.Collator('en', { numeric: true });
  return [...rows].sort((a, b) => collator.compare(a.portName ?? '', b.portName ?? ''));
}

async function notesOnNothing(trail: Trail, request: ReportRequest, history: History): Promise<Note[]> {
  try {
    await checkNames(trail, request.question);
    return notesOnEmpty(request, history);
  } catch (error) {
    if (error instanceof NotFoundError) return [...gapWarnings(history.gaps, request.zone), unknownName(error)];
    throw error;
  }
}

/** Throws NotFoundError or UsageError if the question is about a switch or port that the trail does not know. */
async function checkNames(trail: Trail, question: Question): Promise<void> {
  if (!('switch' in question)) return;
  const switches = await findSwitches(trail, question.switch);
  if (question.kind === 'port') await findPorts(trail, switches, question.port, question.switch);
}

function reachOf({ queues, removedBefore }: History): Reach {
  const from = earliest(queues.map((queue) => queue.from));
  const to = queues.reduce<Micros | null>((last, queue) => Math.max(last ?? 0, queue.to), null);
  return { from, to, removedBefore, queues };
}

import { boundsOf } from '../../trail/store/history/span.js';
import type { Answer } from '../ask/answer.js';
import { collect } from '../ask/ask.js';
import { nameQuestion } from '../ask/notes.js';
import { describeSpan } from '../ask/span.js';
import { formatInZone } from '../ask/zone.js';
import { columnsOf, gapColumns } from './columns.js';
import { htmlTable, renderHtml } from './html.js';
import { noteLine } from './note-line.js';
import type { TableColumn } from './table.js';

/** An answer as a page that stands alone: rows, notes, and every gap of its time. */
export async function renderPage(answer: Answer): Promise<Iterable<string>> {
  const { question, span, zone, now } = answer.request;
  const rows = (await collect<object>(answer.rows)) as readonly never[];
  const isAll = boundsOf(span).from === null && boundsOf(span).to === null;
  const about = [isAll ? 'of all time' : describeSpan(span, zone), `asked at ${formatInZone(now, zone)} ${zone}`];
  const tables = [htmlTable('Found', rows, columnsOf(answer) as readonly TableColumn<never>[])];
  if (question.kind !== 'gaps') tables.push(htmlTable('No evidence', answer.gaps, gapColumns(zone)));
  const title = `Portledger: ${nameQuestion(question)}`;
  return renderHtml({ title, about, notes: answer.notes.map(noteLine) }, tables);
}

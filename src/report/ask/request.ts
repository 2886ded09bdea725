import { UsageError } from '../../base/errors.js';
import type { Micros } from '../../base/time.js';
import type { Subject } from '../../trail/store/history/history-rows.js';
import type { Span } from '../../trail/store/history/span.js';
import { parseAddressInput, parseMacInput } from './arguments.js';
import { parseSpan } from './span.js';
import { parseZone } from './zone.js';

/** A question about sightings. `summary`: one row per client and port instead of one per sighting. */
export type SubjectQuestion = Subject & { readonly summary?: boolean };

/** What a report is about. */
export type Question = SubjectQuestion | { readonly kind: 'gaps' };

/** The options that every report has, as they were typed. */
export interface TimeOptions {
  readonly at?: string;
  readonly from?: string;
  readonly to?: string;
  readonly timezone?: string;
  readonly utc?: boolean;
}

/** A question as it was understood. */
export interface ReportRequest {
  /** Addresses are in the canonical text of the trail. */
  readonly question: Question;
  readonly span: Span;
  /** In which times are shown to people; IANA name. */
  readonly zone: string;
  /** When it was asked. */
  readonly now: Micros;
}

/** Checks everything that needs no trail. Throws UsageError with a hint. */
export function parseRequest(question: Question, options: TimeOptions, now: Micros): ReportRequest {
  if (options.utc && options.timezone !== undefined)
    throw new UsageError('--utc and --timezone contradict one another', { hint: 'give one of them' });
  const zone = options.timezone === undefined ? 'UTC' : parseZone(options.timezone);
  const span = parseSpan(options, { now, zone });
  return { question: canonical(question), span, zone, now };
}

function canonical(question: Question): Question {
  if (question.kind === 'ip') return { ...question, address: parseAddressInput(question.address) };
  return question.kind === 'mac' ? { ...question, mac: parseMacInput(question.mac) } : question;
}

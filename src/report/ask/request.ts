import { UsageError } from '../../base/errors.js';
import type { Micros } from '../../base/time.js';
import { parseAddressInput, parseMacInput } from './arguments.js';
import { parseSpan, type Span } from './span.js';
import { parseZone } from './zone.js';

export const OUTPUTS = ['table', 'json', 'csv', 'html'] as const;
export type Output = (typeof OUTPUTS)[number];

/** What a report is about; switch and port as the auditor names them. */
export type Question =
  | { readonly about: 'port'; readonly switch: string; readonly port: string; readonly summary: boolean }
  | { readonly about: 'switch'; readonly switch: string; readonly summary: boolean }
  | { readonly about: 'ip'; readonly address: string }
  | { readonly about: 'mac'; readonly mac: string }
  | { readonly about: 'gaps' };

/** A question about where somebody was. */
export type Located = Exclude<Question, { about: 'gaps' }>;

/** The options that every report has, as they were typed. */
export interface ReportOptions {
  readonly at?: string;
  readonly from?: string;
  readonly to?: string;
  readonly timezone?: string;
  readonly utc?: boolean;
  readonly output: Output;
}

export interface ReportRequest {
  readonly question: Question;
  readonly span: Span;
  readonly zone: string;
  readonly output: Output;
  readonly now: Micros;
}

/** Checks everything that needs no trail. Throws UsageError with a hint. */
export function parseRequest(question: Question, options: ReportOptions, now: Micros): ReportRequest {
  if (options.utc && options.timezone !== undefined)
    throw new UsageError('--utc and --timezone contradict one another', { hint: 'give one of them' });
  const zone = options.timezone === undefined ? 'UTC' : parseZone(options.timezone);
  const span = parseSpan(options, { now, zone });
  return { question: canonical(question), span, zone, output: options.output, now };
}

function canonical(question: Question): Question {
  if (question.about === 'ip') return { ...question, address: parseAddressInput(question.address) };
  return question.about === 'mac' ? { ...question, mac: parseMacInput(question.mac) } : question;
}

import { MESSAGES, type MessageDefinition } from './messages.js';

/** The catalogue of operator messages as a Markdown table, for the README. */
export function renderCatalogue(messages: Readonly<Record<string, MessageDefinition>> = MESSAGES): string {
  const rows = Object.entries(messages).map(
    ([id, { level, text, help }]) => `| \`${id}\` | ${level} | ${cell(text)} | ${cell(help)} |`,
  );
  return ['| id | level | text | what it means and what to do |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

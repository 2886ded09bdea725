import { MODULES } from './logger.js';
import { MESSAGE_GROUPS, type MessageDefinition } from './messages.js';

const INTRODUCTION = `# Log messages

This page is made from the program (\`npm run docs\`).

A line of the log has a time, a level, the module, the id of the message, its text, and the fields that the text does not show:

\`\`\`text
2026-11-20T14:03:07.123Z warn server pool-usage: Pool 198.18.16.0-198.18.16.255 of campus is 81.2 % used (208 of 256), above 80 %
\`\`\`

An id never changes its meaning: filter and alarm on it. Set the level with \`log.level\`, or for one module with \`log.modules\`
([configuration](configuration.md#log)). Modules are ${MODULES.map((name) => `\`${name}\``).join(', ')}.

Levels: \`error\` needs somebody now. \`warn\` needs somebody to look. \`info\` is news of normal work. \`debug\` is detail for a search.
Messages that a client or another host could cause at will are logged at most once in 10 seconds; the field \`suppressed\` has the
number of further ones.
`;

/** The page docs/messages.md. */
export function messagesPage(): string {
  const sections = MESSAGE_GROUPS.map(({ title, messages }) => `## ${title}\n\n${messageTable(messages)}`);
  return [INTRODUCTION, ...sections].join('\n');
}

/** Messages as a Markdown table, one row each. */
export function messageTable(messages: Readonly<Record<string, MessageDefinition>>): string {
  const rows = Object.entries(messages).map(
    ([id, { level, text, help }]) => `| \`${id}\` | ${level} | ${cell(text)} | ${cell(help)} |`,
  );
  return ['| id | level | text | what it means and what to do |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

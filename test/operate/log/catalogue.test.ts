import assert from 'node:assert/strict';
import { messageTable } from '../../../src/operate/log/catalogue.js';
import { LEVELS, MESSAGE_GROUPS, MESSAGES, type MessageDefinition } from '../../../src/operate/log/messages.js';

describe('The catalogue of operator messages', () => {
  for (const [id, message] of Object.entries<MessageDefinition>(MESSAGES)) {
    it(`describes ${id} in the house form`, () => {
      assert.match(id, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'the id is kebab-case');
      assert.ok(id.length <= 32, 'RFC 5424 allows a MSGID of 32 characters');
      assert.ok(LEVELS.includes(message.level), 'the level is known');
      assert.match(message.help, /^\S.+[^.\s]$/, 'the help is a sentence without a period');
      assert.match(message.text, /^\S(.*[^.\s])?$/, 'the text is a sentence without a period');
    });

    it(`names every placeholder of ${id}`, () => {
      const braces = message.text.match(/[{}]/g) ?? [];
      const placeholders = message.text.match(/\{[a-z][a-zA-Z0-9-]*\}/g) ?? [];
      assert.equal(braces.length, 2 * placeholders.length, `"${message.text}" has a brace that is not a placeholder`);
    });
  }

  it('has each message in one group', () => {
    const ids = MESSAGE_GROUPS.flatMap(({ messages }) => Object.keys(messages));
    assert.deepEqual([...new Set(ids)], ids);
    assert.deepEqual(ids.toSorted(), Object.keys(MESSAGES).toSorted());
  });

  it('becomes a Markdown table with one row per message', () => {
    const table = messageTable({ 'a-b': { level: 'warn', text: 'One | {two}', help: 'Nothing to do' } });
    assert.equal(
      table,
      '| id | level | text | what it means and what to do |\n|---|---|---|---|\n| `a-b` | warn | One \\| {two} | Nothing to do |\n',
    );
    assert.equal(messageTable(MESSAGES).trimEnd().split('\n').length, 2 + Object.keys(MESSAGES).length);
  });
});

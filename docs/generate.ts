// npm run docs: writes the pages that are made from the program. With --check it writes nothing and fails if one is old.
import { readFileSync, writeFileSync } from 'node:fs';
import { configurationPage } from '../src/config/reference.js';
import { messagesPage } from '../src/operate/log/catalogue.js';

const PAGES = { 'configuration.md': configurationPage, 'messages.md': messagesPage };

function textOf(url: URL): string {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return '';
  }
}

const isCheck = process.argv.includes('--check');
for (const [name, render] of Object.entries(PAGES)) {
  const url = new URL(name, import.meta.url);
  const text = render();
  if (textOf(url) === text) continue;
  if (isCheck) {
    console.error(`docs/${name} is old: run npm run docs`);
    process.exitCode = 1;
  } else {
    writeFileSync(url, text);
    console.log(`docs/${name} written`);
  }
}

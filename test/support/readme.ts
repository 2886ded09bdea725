import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The README as it stands. */
export function readme(): string {
  return readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
}

/** What stands between `<!-- name -->` and `<!-- /name -->`. */
export function section(name: string): string {
  const match = new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)<!-- /${name} -->`).exec(readme());
  if (!match) throw new Error(`README has no section ${name}`);
  return match[1]!.trim();
}

/** The code blocks of a language, in order. */
export function blocks(language: string): string[] {
  return [...readme().matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1]!);
}

/** The code block after `<!-- name -->`. */
export function example(name: string): string {
  const match = new RegExp(`^<!-- ${name} -->\\n\`\`\`\\w*\\n([\\s\\S]*?)^\`\`\``, 'm').exec(readme());
  if (!match) throw new Error(`README has no example ${name}`);
  return match[1]!;
}

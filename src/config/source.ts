import { readFileSync } from 'node:fs';
import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLError } from 'yaml';
import { messageOf } from '../base/errors.js';
import { ConfigError, ConfigFault } from './errors.js';
import { FAULTED, type Findings, YamlPath } from './yaml-path.js';

/** Shorter values are not masked: they are no secrets, and masking them would make messages unreadable. */
const SHORTEST_SECRET = 4;

/**
 * The content of a configuration file as plain maps, lists and values, environment filled in. What is wrong with a part goes into
 * the findings. Throws ConfigError if there is no content at all: no file, or no YAML.
 */
export function readSource(file: string, env: NodeJS.ProcessEnv, findings: Findings): unknown {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  // One slip of the writer makes many errors. Only the first one helps
  const wrong = [...document.errors, ...document.warnings][0];
  if (wrong) throw new ConfigError(file, [notYaml(file, wrong, lines)]);
  findDuplicates(document.contents, new YamlPath(findings), lines);
  return fillIn(
    toPlain(file, () => document.toJS()),
    new YamlPath(findings),
    env,
    findings,
  );
}

function notYaml(file: string, { message, pos }: YAMLError, lines: LineCounter): ConfigFault {
  const { line, col } = lines.linePos(pos[0]);
  const hint = 'look at indents, quotes and brackets near there';
  return new ConfigFault(`line ${line}, column ${col}`, `"${file}" is not YAML: ${message}`, undefined, hint);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? 'there is no such file' : messageOf(error);
    const hint = isMissing
      ? 'name the configuration with --config FILE; docs/quick-start.md has one to start from'
      : 'name a file with --config FILE that this user may read';
    throw new ConfigError(file, [new ConfigFault('', `"${file}" cannot be read: ${reason}`, file, hint)]);
  }
}

/** Resolves aliases. Only here does `yaml` refuse endless ones. */
function toPlain(file: string, toJS: () => unknown): unknown {
  try {
    return toJS();
  } catch (error) {
    const hint = 'write the values out instead of using aliases';
    throw new ConfigError(file, [new ConfigFault('', `"${file}" is not usable YAML: ${messageOf(error)}`, file, hint)]);
  }
}

function findDuplicates(node: unknown, at: YamlPath, lines: LineCounter): void {
  if (isSeq(node)) node.items.forEach((item, i) => void findDuplicates(item, at.item(i), lines));
  if (!isMap(node)) return;
  const first = new Map<string, number>();
  for (const pair of node.items.filter(isPair) as Pair<Node, Node>[]) {
    const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const { line } = lines.linePos(pair.key.range?.[0] ?? 0);
    const before = first.get(name);
    if (before === undefined) first.set(name, line);
    else at.key(name).fault(`is written twice, in lines ${before} and ${line}`, name, 'remove one of the two');
    findDuplicates(pair.value, at.key(name), lines);
  }
}

/** Replaces `${NAME}` in every text by the environment's value; `$${` stands for `${`. `around` holds the collections that contain the value. */
function fillIn(
  value: unknown,
  at: YamlPath,
  env: NodeJS.ProcessEnv,
  findings: Findings,
  around: readonly unknown[] = [],
): unknown {
  if (typeof value === 'object' && value !== null) {
    if (around.includes(value))
      return at.fault('refers to itself', undefined, 'write the values out instead of using this alias') ?? FAULTED;
    const fill = (item: unknown, at: YamlPath): unknown => fillIn(item, at, env, findings, [...around, value]);
    if (Array.isArray(value)) return value.map((item, i) => fill(item, at.item(i)));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, at.key(key))]));
  }
  return typeof value === 'string' ? fillInText(value, at, env, findings) : value;
}

function fillInText(text: string, at: YamlPath, env: NodeJS.ProcessEnv, findings: Findings): unknown {
  let faulted = false;
  const filled = text.replace(
    /\$(\$\{)|\$\{([^}]*)\}?/g,
    (whole: string, escaped: string | undefined, name: string) => {
      if (escaped) return escaped;
      const value = /^[A-Za-z_]\w*$/.test(name) && whole.endsWith('}') ? env[name] : undefined;
      if (value === undefined) {
        faulted = true;
        at.fault(
          'names an environment variable that is not set',
          whole,
          `set ${name || 'it'}, or write $\${ for a literal \${`,
        );
        return '';
      }
      if (value.length >= SHORTEST_SECRET) findings.secrets.set(value, whole);
      return value;
    },
  );
  return faulted ? FAULTED : filled;
}

import { CONFIG_KEYS } from './keys.js';
import type { Key, Keys } from './schema.js';
import { SCOPE_KEYS } from './scope-keys.js';

/** The server is the outermost scope: its table has the keys of every scope, the tables further in refer to them in one row. */
const OUTERMOST_SCOPE = 'server.';

const INTRODUCTION = `# Configuration

This page is made from the program (\`npm run docs\`).

One YAML file serves all commands: \`./portledger.yaml\`, or the file that \`--config\` names. \`ship\`, \`report\` and \`verify\` need no
\`server\` section. Every fault of the file is reported at once, each with its path. A running \`serve\` reads the file again on SIGHUP.

- \`\${NAME}\` in a value is replaced by the environment variable; \`$\${\` stands for \`\${\`.
- A duration is a number of seconds, or \`30s\`, \`10m\`, \`1h\`, \`1d\`, \`1w\`. A size is a number of bytes, or \`512K\`, \`10M\`, \`1G\`.
- Bytes are text, \`0x\` and hex digits, or a MAC address.
- A relative path starts at the folder of the file.
`;

/** What stands above the table of each top-level key. */
const SECTIONS: Readonly<Record<keyof typeof CONFIG_KEYS, string>> = {
  server: `The DHCP server. \`server\`, a subnet, a pool and a reservation may each set lease times, options and boot fields. The innermost
value counts. [What the server answers](dhcp.md) explains options; [failover](failover.md) explains \`failover\`.

\`\`\`yaml
server:
  name: dhcp-a
  listen: [{ address: 198.18.0.1 }]
  trusted-relays: [198.18.0.2]
  lease-time: 1h
  subnets:
    - subnet: 198.18.0.0/16
      pools: [198.18.16.0-198.18.250.255]
      options: { routers: [198.18.0.1], domain-name-servers: [198.18.0.1] }
      reservations: [{ mac: "02:00:00:00:00:01", address: 198.18.0.9 }]
\`\`\`
`,
  queue: `The local file with leases and events. [Operations](operations.md) says what to do if its disk is full.

\`\`\`yaml
queue: { file: /var/lib/portledger/dhcp-a.queue, on-failure: refuse }
\`\`\`
`,
  audit: `The audit trail. \`ship\` writes it, \`report\` and \`verify\` read it. [Install](install.md) shows the users of the database.

\`\`\`yaml
audit: { url: "sqlite:/var/lib/portledger/audit.db", access-log: true }
\`\`\`
`,
  switches: `Names of switches and the profiles that read their ports, see [switches and profiles](switches.md). A name is only shown: the raw
bytes identify the switch.

\`\`\`yaml
switches:
  - { remote-id: "0x000600aabbccddee", name: sw-a, profile: cisco-ios-base1 }
  - { giaddr: 198.18.0.2, name: building-7 }
\`\`\`
`,
  log: `Where and how the program logs. The [messages](messages.md) have stable ids.

\`\`\`yaml
log:
  level: info
  format: json
  file: { path: /var/log/portledger/dhcp-a.log, max-size: 10M, max-files: 5 }
  modules: { server: warn }
\`\`\`
`,
};

/** The page docs/configuration.md. */
export function configurationPage(): string {
  const sections = Object.entries(CONFIG_KEYS).map(
    ([name, key]) => `## ${name}\n\n${SECTIONS[name as keyof typeof CONFIG_KEYS]}\n${referenceOf({ [name]: key })}`,
  );
  return [INTRODUCTION, ...sections].join('\n');
}

/** Keys as a Markdown table: path, type, default, meaning. */
export function referenceOf(keys: Keys): string {
  return ['| key | type | default | meaning |', '|---|---|---|---|', ...rowsOf(keys, ''), ''].join('\n');
}

function rowsOf(keys: Keys, prefix: string): string[] {
  const repeated =
    prefix === OUTERMOST_SCOPE ? [] : Object.keys(SCOPE_KEYS).filter((name) => Object.hasOwn(keys, name));
  const rows = Object.entries(keys).flatMap(([name, { kind, doc, required, default: value, absent }]) => {
    if (repeated.includes(name)) return [];
    const path = `${prefix}${name}`;
    const row = `| \`${path}\` | ${cell(kind.type)} | ${required ? 'required' : defaultText(value, absent)} | ${cell(doc)} |`;
    return [row, ...(kind.keys ? rowsOf(kind.keys, `${path}${kind.list ? '[]' : ''}.`) : [])];
  });
  if (repeated.length === 0) return rows;
  const names = repeated.map((name) => `\`${name}\``).join(', ');
  return [...rows, `| \`${prefix}*\` | | inherited | ${names} as under \`server\` |`];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function defaultText(value: Key<unknown>['default'], absent = ''): string {
  if (value === undefined) return absent;
  return typeof value === 'object' ? 'its defaults' : String(value);
}

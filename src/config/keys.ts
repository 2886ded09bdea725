import { MODULES, SYSLOG_FACILITIES, SYSLOG_FORMATS, SYSLOG_PROTOCOLS } from '../operate/log/logger.js';
import { LEVELS } from '../operate/log/messages.js';
import { PROFILE_NAMES } from '../protocol/relay-agent/profiles.js';
import { ON_FAILURE } from '../server/settings.js';
import { address, bytes } from './addresses.js';
import { boolean, choice, duration, integer, port, secret, size, text } from './scalars.js';
import { type Key, listOf, mapOf, type Values } from './schema.js';
import { SERVER_KEYS } from './server-keys.js';

const level = choice(LEVELS);
const path = text('path', (value) => value.trim() !== '', 'write a path, from the folder of this file or absolute');
const name = text('name', (value) => value.trim() !== '', 'write any text that is not empty');
const host = text('host', (value) => /^[^\s/]+$/.test(value), 'write a name or an address');
const program = text(
  'program name',
  (value) => /^[\x21-\x7e]{1,48}$/.test(value),
  'write up to 48 ASCII characters without blanks',
);

const QUEUE_KEYS = {
  file: { kind: path, default: './data/portledger.queue', doc: 'the SQLite file with leases and events' },
  'on-failure': {
    kind: choice(ON_FAILURE),
    default: 'refuse',
    doc: 'if the queue cannot be written: `refuse` to answer, or `serve` and record a gap',
  },
  'key-file': { kind: path, absent: '`queue.file` + `.key`', doc: 'the private key that signs checkpoints' },
  'checkpoint-events': {
    kind: integer('number of events', 1, 10_000_000),
    default: 10_000,
    doc: 'a checkpoint is signed after so many events',
  },
  'checkpoint-interval': {
    kind: duration(1, 86_400),
    default: '10m',
    doc: 'or after this time, if there was an event',
  },
} as const satisfies Record<string, Key<unknown>>;

const TLS_KEYS = {
  ca: {
    kind: path,
    absent: 'public authorities',
    doc: "PEM file with the authority that signed the database's certificate",
  },
  verify: { kind: boolean, default: true, doc: 'check that certificate; `false` encrypts, but trusts any server' },
  'certificate-name': {
    kind: host,
    absent: 'host of `url`',
    doc: 'name in the certificate, if `url` has another or an address',
  },
} as const satisfies Record<string, Key<unknown>>;

const AUDIT_KEYS = {
  url: {
    kind: text('URL', (value) => value !== '', 'write mysql://USER@HOST:3306/DATABASE or sqlite:FILE'),
    default: 'sqlite:./data/audit.db',
    doc: 'the trail: `mysql:`, `mariadb:` or `sqlite:`',
  },
  password: { kind: secret, absent: 'none', doc: 'password for the URL' },
  'password-file': { kind: path, absent: 'none', doc: 'file with the password alone' },
  tls: {
    kind: mapOf(TLS_KEYS),
    absent: 'none',
    doc: 'encrypt the connection; `{}` is enough where a public authority signed',
  },
  'batch-size': {
    kind: integer('batch size', 1, 100_000),
    default: 20_000,
    doc: 'most events in one transaction. A larger batch ships a backlog faster and takes more memory (0.4 GiB at 20000)',
  },
  'access-log': { kind: boolean, default: false, doc: 'record who asked which `report`, in table `access_log`' },
} as const satisfies Record<string, Key<unknown>>;

const SWITCH_KEYS = {
  'remote-id': { kind: bytes, doc: 'the switch that puts this remote-id into Option 82' },
  'relay-id': { kind: bytes, doc: 'the switch with this relay-id, if it sends no remote-id' },
  giaddr: { kind: address, doc: 'the relay with this address, if it sends neither' },
  name: { kind: name, absent: 'the bytes as text', doc: 'what reports call it' },
  profile: { kind: choice(PROFILE_NAMES), absent: 'none', doc: 'how to read its circuit-ids' },
} as const satisfies Record<string, Key<unknown>>;

const LOG_FILE_KEYS = {
  path: { kind: path, required: true, doc: 'the newest log file' },
  'max-size': { kind: size(1024), default: '10M', doc: 'size at which a new file begins' },
  'max-files': { kind: integer('number of files', 2, 1000), default: 5, doc: 'files kept, the newest included' },
} as const satisfies Record<string, Key<unknown>>;

const SYSLOG_KEYS = {
  host: { kind: host, default: '127.0.0.1', doc: 'the collector' },
  port: { kind: port, default: 514, doc: 'its port' },
  protocol: { kind: choice(SYSLOG_PROTOCOLS), default: 'udp', doc: 'transport to the collector' },
  format: { kind: choice(SYSLOG_FORMATS), default: 'rfc5424', doc: 'form of the messages' },
  facility: {
    kind: choice(Object.keys(SYSLOG_FACILITIES) as (keyof typeof SYSLOG_FACILITIES)[]),
    default: 'daemon',
    doc: 'facility of the messages',
  },
  'app-name': { kind: program, default: 'portledger', doc: 'program name in each message' },
} as const satisfies Record<string, Key<unknown>>;

const moduleKeys = Object.fromEntries(
  MODULES.map((module) => [module, { kind: level, absent: '`log.level`', doc: `level of the module ${module}` }]),
) as { readonly [M in (typeof MODULES)[number]]: Key<(typeof LEVELS)[number]> };

const LOG_KEYS = {
  level: { kind: level, default: 'info', doc: 'log messages of this level and graver ones' },
  format: {
    kind: choice(['text', 'json'] as const),
    default: 'text',
    doc: 'form of the lines on stderr and in the file',
  },
  console: { kind: boolean, default: true, doc: 'log on stderr' },
  file: { kind: mapOf(LOG_FILE_KEYS), absent: 'none', doc: 'log into a file, too' },
  syslog: { kind: mapOf(SYSLOG_KEYS), absent: 'none', doc: 'log to a collector, too' },
  modules: { kind: mapOf(moduleKeys), absent: 'none', doc: 'levels of single modules' },
} as const satisfies Record<string, Key<unknown>>;

/** The whole file. */
export const CONFIG_KEYS = {
  server: { kind: mapOf(SERVER_KEYS), absent: 'none', doc: 'the DHCP server; only `serve` needs it' },
  queue: { kind: mapOf(QUEUE_KEYS), default: {}, doc: 'the local queue' },
  audit: { kind: mapOf(AUDIT_KEYS), default: {}, doc: 'the audit trail' },
  switches: {
    kind: listOf(mapOf(SWITCH_KEYS)),
    absent: 'none',
    doc: 'names of switches, and how to read their ports',
  },
  log: { kind: mapOf(LOG_KEYS), default: {}, doc: 'the log' },
} as const satisfies Record<string, Key<unknown>>;

export type QueueValues = Values<typeof QUEUE_KEYS>;
export type TlsValues = Values<typeof TLS_KEYS>;
export type AuditValues = Values<typeof AUDIT_KEYS>;
export type SwitchValues = Values<typeof SWITCH_KEYS>;
export type LogValues = Values<typeof LOG_KEYS>;

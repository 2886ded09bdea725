import { existsSync } from 'node:fs';
import { EXIT, messageOf, PortledgerError, UnreachableError, UsageError } from '../../base/errors.js';
import { describeTarget, type TrailTarget } from './url.js';

/** The queue does not continue what the trail has of it: restored from a backup, copied or edited. Nothing of it was written. */
export class TrailMismatchError extends PortledgerError {
  override readonly code = 'trail-mismatch';
  override readonly exitCode = EXIT.verificationFailed;
}

/** Events whose hashes do not fit: the queue file is damaged or was edited. None of them was written. */
export class BrokenChainError extends PortledgerError {
  override readonly code = 'broken-chain';
  override readonly exitCode = EXIT.verificationFailed;
}

/** The trail has no schema, or one of another version. */
export class SchemaError extends UsageError {
  override readonly code = 'trail-schema';
}

/** The trail is damaged: its tables were changed, or hold values that Portledger never writes. */
export class DamagedTrailError extends PortledgerError {
  override readonly code = 'trail-damaged';
  override readonly exitCode = EXIT.verificationFailed;
}

/** The database does not answer, or refuses the login. */
export class TrailUnreachableError extends UnreachableError {
  override readonly code = 'trail-unreachable';
}

/** The file of an SQLite trail was removed or replaced while it was open. */
export class TrailGoneError extends UnreachableError {
  override readonly code = 'trail-gone';
}

/** The database did not answer to a batch; its outcome is unknown. */
export class TrailTimeoutError extends UnreachableError {
  override readonly code = 'trail-timeout';
}

/** Error numbers of MySQL and MariaDB after which the same work may succeed later. */
const TRANSIENT_NUMBERS: ReadonlySet<number> = new Set([
  1020, // record has changed since last read
  1021, // disk full
  1026, // error writing a file
  1028, // sort aborted
  1040, // too many connections
  1053, // server shutdown in progress
  1077, // normal shutdown
  1114, // table is full, which is how InnoDB says disk full
  1129, // host blocked because of many connection errors
  1152, // aborted connection
  1158, // network read error
  1159, // network read timeout
  1160, // network write error
  1161, // network write timeout
  1180, // error during commit
  1184, // aborted connection
  1203, // user has too many connections
  1205, // lock wait timeout
  1213, // deadlock
  1226, // user exceeded a resource limit
  1290, // running with --read-only
  1317, // query interrupted
  1836, // running in read-only mode
  1927, // connection was killed
  1969, // statement timeout
  2002, // cannot connect through socket
  2003, // cannot connect
  2006, // server has gone away
  2013, // connection lost during query
  2055, // connection lost
  3024, // statement timeout
  3168, // server is not available
  4031, // disconnected by the server for inactivity
]);

/** Error codes of the system, of mysql2 and of SQLite after which the same work may succeed later. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOENT', // the socket of a database that is not up
  'ENOSPC', // disk full
  'HANDSHAKE_SSL_ERROR', // also what a connection cut in its first moment ends with, and a certificate that is renewed late
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'trail-gone',
  'trail-timeout',
  'SQLITE_FULL',
]);

/** Families of SQLite codes with extensions (`SQLITE_BUSY_SNAPSHOT` ...). */
const TRANSIENT_FAMILY = /^SQLITE_(BUSY|LOCKED|IOERR)(_|$)/;

/** Error numbers of MySQL and MariaDB that are about the values of a row: the same row fails again, another may not. */
const REJECTION_NUMBERS: ReadonlySet<number> = new Set([
  1048, // column cannot be null
  1118, // row too large
  1153, // packet larger than max_allowed_packet
  1263, // column cannot be null, in LOAD DATA
  1264, // value out of range
  1265, // data truncated
  1292, // incorrect time
  1300, // invalid character string
  1366, // incorrect value for the column
  1367, // illegal value
  1406, // data too long
  1411, // incorrect value for a function
  1441, // time out of range
  1644, // a trigger said no
  1690, // number out of range
  3819, // check constraint (MySQL)
  4025, // check constraint (MariaDB)
]);

/** The same for SQLite. A key that is there twice is not among them: that is no fault of the event. */
const REJECTION_CODES: ReadonlySet<string> = new Set([
  'SQLITE_CONSTRAINT_CHECK',
  'SQLITE_CONSTRAINT_DATATYPE',
  'SQLITE_CONSTRAINT_NOTNULL',
  'SQLITE_CONSTRAINT_TRIGGER',
  'SQLITE_MISMATCH',
  'SQLITE_TOOBIG',
]);

interface Coded {
  code?: unknown;
  errno?: unknown;
  sqlMessage?: unknown;
  fatal?: unknown;
  cause?: unknown;
}

/** True if the same work may succeed later by itself. Decided by the code of the error or of its cause. */
export function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, errno, fatal, cause } = error as Coded;
  // mysql2 has no code for a command on a connection that is closed already, only this mark.
  if (fatal === true && code === undefined && errno === undefined) return true;
  if (typeof code === 'string' && (TRANSIENT_CODES.has(code) || TRANSIENT_FAMILY.test(code))) return true;
  if (typeof errno === 'number' && TRANSIENT_NUMBERS.has(errno)) return true;
  return cause !== undefined && cause !== error && isTransient(cause);
}

/** knex puts the statement before the message of the driver. */
const STATEMENT = /^(insert|update|delete|select|replace|load data|create|alter|drop)\b/i;

/** The message of the database, without the statement. */
export function databaseMessage(error: unknown): string {
  const { sqlMessage, code } = (typeof error === 'object' && error !== null ? error : {}) as Coded;
  if (typeof sqlMessage === 'string') return sqlMessage;
  const message = messageOf(error);
  const hasStatement = (typeof code === 'string' && code.startsWith('SQLITE_')) || STATEMENT.test(message);
  const statementEnd = hasStatement ? message.lastIndexOf(' - ') : -1;
  return statementEnd < 0 ? message : message.slice(statementEnd + ' - '.length);
}

/** True if the database will always refuse these values. Decided by code. Other rows may still be accepted. */
export function isRejection(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, errno } = error as Coded;
  return (
    (typeof errno === 'number' && REJECTION_NUMBERS.has(errno)) ||
    (typeof code === 'string' && REJECTION_CODES.has(code))
  );
}

/** Hints for error numbers of the database that waiting does not cure. */
const HINTS: ReadonlyMap<number, string> = new Map([
  [1044, 'grant the user of audit.url the rights on this database'],
  [1045, 'check user and password of audit.url'],
  [1049, 'create it first: CREATE DATABASE with the name in audit.url'],
  [1142, 'grant the user of audit.url SELECT, INSERT, UPDATE and DELETE on this database'],
  [3159, 'this database wants TLS: add audit.tls'],
  [1698, 'this user cannot log in with a password; give audit.url another user'],
]);

/** The same for the driver's own codes. */
const CODE_HINTS: ReadonlyMap<string, string> = new Map([
  ['HANDSHAKE_NO_SSL_SUPPORT', 'set up TLS in the database, or remove audit.tls if the way to it is safe'],
  [
    'HANDSHAKE_SSL_ERROR',
    'audit.tls.ca must have signed the certificate of the database, and the name in it must be that of audit.url (or audit.tls.certificate-name)',
  ],
]);

/** Error numbers of MySQL and MariaDB: the user may not do this to this table, or in this database. */
const DENIED_NUMBERS: ReadonlySet<number> = new Set([1044, 1142, 1143, 1227, 1370, 1419]);

/** Turns a missing right of the database user into a UsageError; returns any other error as it is. */
export function deniedError(error: unknown, target: TrailTarget, hint: string): unknown {
  const { errno, code } = (typeof error === 'object' && error !== null ? error : {}) as Coded;
  const denied = typeof errno === 'number' && DENIED_NUMBERS.has(errno);
  if (!denied && code !== 'SQLITE_READONLY' && code !== 'SQLITE_READONLY_DIRECTORY') return error;
  return new UsageError(`Trail ${describeTarget(target)} refuses: ${databaseMessage(error)}`, { hint, cause: error });
}

/** Turns an error of the database about a statement (a missing table, say) into a DamagedTrailError; returns any other error as it is. */
export function damagedError(error: unknown, target: TrailTarget): unknown {
  const { sqlMessage, code } = (typeof error === 'object' && error !== null ? error : {}) as Coded;
  if (typeof sqlMessage !== 'string' && !/^SQLITE_(ERROR|CORRUPT|NOTADB)/.test(String(code))) return error;
  return new DamagedTrailError(`Trail ${describeTarget(target)} is damaged: ${databaseMessage(error)}`, {
    hint: 'its tables are not as Portledger made them: keep it as it is for evidence, and compare with a backup',
    cause: error,
  });
}

/** Turns an error of the driver while connecting into a TrailUnreachableError; returns any other error as it is. */
export function connectError(error: unknown, target: TrailTarget): unknown {
  if (error instanceof PortledgerError) return error;
  const { code, errno } = (typeof error === 'object' && error !== null ? error : {}) as Coded;
  if (code === undefined && errno === undefined) return error;
  if (target.kind === 'sqlite' && /^SQLITE_(CANTOPEN|READONLY)/.test(String(code)) && existsSync(target.file))
    return new TrailUnreachableError(
      `Trail ${describeTarget(target)} cannot be used by this user: ${messageOf(error)}`,
      {
        hint: 'even to read it SQLite writes -wal and -shm beside it: run this as its owner, or on a copy of it in a folder of your own',
        cause: error,
      },
    );
  const hint = (typeof errno === 'number' && HINTS.get(errno)) || CODE_HINTS.get(String(code)) || defaultHint(target);
  return new TrailUnreachableError(`Trail ${describeTarget(target)} cannot be opened: ${messageOf(error) || code}`, {
    hint,
    cause: error,
  });
}

function defaultHint(target: TrailTarget): string {
  return target.kind === 'sqlite'
    ? 'check that the folder exists and can be written, and that the file is a trail'
    : 'check that the database runs and that audit.url names it';
}

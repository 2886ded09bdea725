import {
  anything,
  boolean,
  listOf,
  nothing,
  nullable,
  number,
  objectOf,
  oneOf,
  optional,
  recordOf,
  type Shape,
  type TypeOf,
  text,
} from './shape.js';

/** Commands by name, each with the shapes of its request and its answer. */
export type Contract = Readonly<Record<string, { readonly request: Shape<unknown>; readonly answer: Shape<unknown> }>>;
export type RequestOf<C extends Contract, N extends keyof C> = TypeOf<C[N]['request']>;
export type AnswerOf<C extends Contract, N extends keyof C> = TypeOf<C[N]['answer']>;

/** The server's end: a function for each command. It may throw a PortledgerError to refuse. */
export type CommandsOf<C extends Contract> = {
  readonly [N in keyof C]: (request: RequestOf<C, N>) => AnswerOf<C, N>;
};

/** `portledger failover ...`: what an operator may command a failover relationship. */
export const FAILOVER_COMMANDS = ['partner-down', 'shutdown', 'pause', 'resume'] as const;

/** Use of one pool, in addresses and percent. */
const POOL = objectOf({ network: text, pool: text, size: number, used: number, percent: number });

/** One failover relationship in short. States are in small letters. */
const RELATIONSHIP = objectOf({ name: text, role: text, state: text, partnerState: text, connected: boolean });

/** A running server. `started` is ISO 8601; `traffic` and `drops` are counts since then. */
const SERVER_STATUS = objectOf({
  name: text,
  pid: number,
  started: text,
  queue: text,
  sequence: number,
  unshipped: number,
  leases: objectOf({ active: number, known: number, offered: number }),
  pools: listOf(POOL),
  failover: optional(listOf(RELATIONSHIP)),
  traffic: recordOf(number),
  drops: recordOf(number),
});

/** One failover relationship. Times are seconds since 1970, 0 if there is none; addresses are numbers. */
const PAIR_STATUS = objectOf({
  name: text,
  role: oneOf(['primary', 'secondary']),
  state: text,
  since: number,
  partnerState: nullable(text),
  partnerSince: number,
  connected: boolean,
  lastContact: number,
  unacked: number,
  pending: number,
  clockAhead: nullable(number),
  mclt: number,
  withholdsUntil: number,
  waitsUntil: number,
  takesOverAt: number,
  pools: listOf(objectOf({ first: number, last: number, free: number, backup: number })),
  unreachable: nullable(text),
  failure: nullable(objectOf({ at: number, reason: text })),
});

export type ServerStatus = TypeOf<typeof SERVER_STATUS>;
export type PairStatus = TypeOf<typeof PAIR_STATUS>;

/** What a running `serve` can be asked. */
export const SERVER_CONTRACT = {
  status: { request: nothing, answer: SERVER_STATUS },
  /** Signs the last event now; the answer is the checkpoint as `verify` reads it, null if there is no event yet. */
  checkpoint: { request: nothing, answer: nullable(recordOf(anything)) },
  /** Ids of the new key and of the old one, which certified it. */
  'rotate-key': { request: nothing, answer: objectOf({ key: text, by: text }) },
  'failover-status': { request: nothing, answer: listOf(PAIR_STATUS) },
  /** Without a name it is for the only relationship. The answer is its status afterwards. */
  'failover-command': {
    request: objectOf({ name: optional(text), command: oneOf(FAILOVER_COMMANDS) }),
    answer: PAIR_STATUS,
  },
} as const satisfies Contract;

export type ServerContract = typeof SERVER_CONTRACT;

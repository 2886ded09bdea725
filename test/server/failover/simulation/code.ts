import type { FailoverApi } from '../../../../src/server/failover/api.js';
import { FailoverEndpoint } from '../../../../src/server/failover/endpoint.js';
import { applyChange } from '../../../../src/server/pair/changes.js';
import { decide } from '../../../../src/server/v4/decide.js';

export type EndpointClass = new (...args: ConstructorParameters<typeof FailoverEndpoint>) => FailoverApi;

/** The code that a server runs: the program's, or a copy of it with a mistake. */
export interface Code {
  readonly Endpoint: EndpointClass;
  readonly decide: typeof decide;
  readonly applyChange: typeof applyChange;
}

export const CODE: Code = { Endpoint: FailoverEndpoint, decide, applyChange };

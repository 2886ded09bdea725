/** What both programs say of an address that they lease. */
export interface PairLease {
  /** As the programs name it: free, backup, active, expired, released, abandoned, reset. */
  status: string;
  /** Hardware address of whom it is leased to, null unless it is active. */
  mac: string | null;
  /** When it ends, Unix seconds, null unless it is active. */
  ends: number | null;
}

/** The states of a server's end of the relationship, in dhcpd's words: normal, communications-interrupted ... */
export interface PairStates {
  own: string;
  partner: string;
}

/** One of the two servers, whichever program it is. */
export interface PairServer {
  readonly program: 'portledger' | 'dhcpd';
  readonly name: string;
  /** Starts it, anew or on what it kept; resolves when it answers. */
  start(): Promise<void>;
  /** Ends it without warning. */
  kill(): Promise<void>;
  /** Ends it as an operator does. */
  stop(): Promise<void>;
  /** Loses all that it kept. It must not run. */
  lose(): void;
  states(): Promise<PairStates>;
  /** Every address of the pool that is not as if it had never been used. */
  leases(): Promise<Map<string, PairLease>>;
  /** The operator says that the partner is down. */
  partnerDown(): Promise<void>;
  /** Everything that it logged so far, over all of its starts. */
  readonly log: string;
}

/** What the two must agree upon. */
export interface PairSettings {
  /** Seconds. */
  mclt: number;
  leaseTime: number;
  split: number;
  maxResponseDelay: number;
  loadBalanceMaxSeconds: number;
  pool: string;
}

/** Where a server stands, and what it is in the pair. */
export interface PairPlace {
  role: 'primary' | 'secondary';
  /** For clients, on eth0. */
  address: string;
  /** For the partner, on eth1. */
  own: string;
  peer: string;
}

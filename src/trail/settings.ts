export interface AuditSettings {
  /** With its password and TLS in it; the path of `sqlite:` is absolute. */
  readonly url: string;
  /** Events in one transaction. */
  readonly batchSize: number;
  /** Every report is noted in the trail before it is answered. */
  readonly accessLog: boolean;
}

export interface SwitchSettings {
  /** Bytes of the id; of a giaddr those of its text, which is what the trail knows such a switch by. */
  readonly id: { readonly by: 'remote-id' | 'relay-id' | 'giaddr'; readonly value: Buffer };
  readonly name?: string;
  readonly profile?: string;
}

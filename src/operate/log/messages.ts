/** From the gravest to the most talkative. */
export const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type Level = (typeof LEVELS)[number];

/** One message that an operator may read. */
export interface MessageDefinition {
  readonly level: Level;
  /** One sentence without a period; `{field}` stands for the field of that name. */
  readonly text: string;
  /** What the message means and what to do, for the table of messages in the README. */
  readonly help: string;
}

/**
 * Every message Portledger logs, by its id. An id is kebab-case and never changes its meaning: people filter and alarm on it.
 * Sections are the modules in the order of the data flow.
 */
export const MESSAGES = {
  // config
  'config-loaded': {
    level: 'info',
    text: 'Configuration {file} is in force',
    help: 'The file was read without a fault. Nothing to do',
  },
  'config-refused': {
    level: 'error',
    text: 'Configuration {file} is wrong (faults: {count}), the one before stays in force',
    help: 'The file was read again (SIGHUP) and is wrong. Each fault follows as `config-fault`; correct them and send SIGHUP again',
  },
  'config-fault': {
    level: 'error',
    text: '{fault}',
    help: 'One fault of the configuration: path, what is wrong, what to write instead',
  },
  'trusted-relays-overlap-pool': {
    level: 'warn',
    text: 'server.trusted-relays covers addresses of pools (pools: {count}, first: {pool}): clients there could forge Option 82',
    help: 'Whoever sends from a trusted address is believed which port he is on. Name only the addresses that relays send from, and keep them out of the pools',
  },

  // log
  'log-sink-failed': {
    level: 'error',
    text: 'Log lines cannot be written to {sink}: {error}',
    help: 'The other sinks go on; this one is opened again every 10 seconds, and lines until then are lost to it. Look at disk space and permissions (file) or at the collector (syslog)',
  },

  // server
  'server-ready': {
    level: 'info',
    text: 'Server {name} serves {subnets} subnets on {listen}',
    help: 'All sockets are open and the queue is writable: requests are answered from now on',
  },
  'server-stopped': {
    level: 'info',
    text: 'Server {name} has stopped',
    help: 'The stop was asked for and is recorded as an event. The fields are the counts since the start',
  },
  'unclean-end-found': {
    level: 'warn',
    text: 'The server before this one did not stop cleanly: no evidence for {seconds} s since {from}',
    help: 'It crashed, was killed, or the machine lost power. No acknowledged lease is lost; the span is recorded as a gap',
  },
  'server-statistics': {
    level: 'info',
    text: 'Counts since the start',
    help: 'Requests and replies, and every request without an answer under its reason. Told once a minute if anything changed',
  },
  'request-received': {
    level: 'debug',
    text: 'From {source}: {message}',
    help: 'A request as it was read, every option of it. Not limited: for a look at what relays and clients send, not for a busy server',
  },
  'request-dropped': {
    level: 'warn',
    text: 'Request from {source} got no answer: {reason}',
    help: 'The reason is the name of a count, see there. Told at most once in 10 seconds; `suppressed` says how many more there were',
  },
  'request-left': {
    level: 'debug',
    text: 'Request from {source} is left to the partner: {reason}',
    help: 'Ordinary in a failover pair, which shares the clients. Counted under the reason; told at most once in 10 seconds',
  },
  'request-failed': {
    level: 'error',
    text: 'Request from {source} could not be decided: {error}',
    help: 'A fault in Portledger: nothing was recorded or answered for this request, all others go on. Please report it',
  },
  'batch-failed': {
    level: 'error',
    text: '{requests} requests could not be worked off: {error}',
    help: 'A fault in Portledger: nothing was recorded or answered for these requests. Please report it',
  },
  'pool-usage': {
    level: 'warn',
    text: 'Pool {pool} of {network} is {percent} % used ({used} of {size}), above {threshold} %',
    help: 'Told once when 80, 90 and 100 % are crossed. Leased, offered and quarantined addresses count as used. Enlarge the pool or shorten the lease time',
  },
  'port-lease-limit': {
    level: 'warn',
    text: 'Port {port} of switch {switch} has its {limit} leases: client {client} gets none',
    help: 'By `server.max-leases-per-port`. Somebody exhausts addresses from there, or there are more devices than the limit allows; those that left count until their lease ends. Told at most once in 10 seconds; `suppressed` says how many more there were',
  },
  'clock-stepped': {
    level: 'warn',
    text: 'The clock of this machine stepped by {seconds} s',
    help: 'Recorded as a gap. After a step back events keep the last time until the clock has caught up. Let NTP slew the clock',
  },
  'reload-refused': {
    level: 'error',
    text: 'The new configuration cannot be put in force: {error}',
    help: 'The old one stays in force. Correct the cause and send SIGHUP again, or restart the server',
  },

  // failover
  'failover-state': {
    level: 'info',
    text: 'Failover {name}: I move from {from} to {to}: {reason}',
    help: 'This server answers as its state says, see Failover. Stored before the partner is told',
  },
  'failover-partner-state': {
    level: 'info',
    text: 'Failover {name}: partner moves from {from} to {to}',
    help: 'The partner told its state. Nothing to do',
  },
  'failover-connected': {
    level: 'info',
    text: 'Failover {name}: connected with the partner, this clock is {clockAhead} s ahead of its',
    help: 'Less than 0 is behind. The connection stands and both agree on the relationship. Beyond 60 s of difference it is refused, in either direction',
  },
  'failover-disconnected': {
    level: 'warn',
    text: 'Failover {name}: connection with the partner is lost: {reason}',
    help: 'It is dialled again every 5 seconds. Both servers go on, each with its own free addresses. If the partner is down for long, say so: `portledger failover partner-down`',
  },
  'failover-refused-by-partner': {
    level: 'error',
    text: 'Failover {name}: partner refuses the connection: {reason} ({code})',
    help: 'Compare name, addresses and clocks of both servers; the number is the reject-reason of the protocol',
  },
  'failover-refused': {
    level: 'error',
    text: 'Failover {name}: connection of the partner is refused: {reason}',
    help: 'Compare name, roles, addresses, hash buckets and clocks of both servers',
  },
  'failover-clocks-differ': {
    level: 'error',
    text: 'Failover {name}: the clocks of both servers differ by {seconds} s, at most 60 are allowed',
    help: 'There is no pair until they agree: let both follow NTP',
  },
  'failover-broken-message': {
    level: 'error',
    text: 'Failover {name}: connection is closed for what the partner sent: {reason}',
    help: 'It is no message of the protocol, or cannot come in this state. Whatever runs at the address of the partner is no failover peer, or a faulty one',
  },
  'failover-pools-differ': {
    level: 'error',
    text: 'Failover {name}: {address} is in no shared pool of {whose}, but in one of the other server',
    help: 'Both servers must share the same ranges. Correct the one that is wrong and restart it. Told once for each connection, with the first such address',
  },
  'failover-update-rejected': {
    level: 'warn',
    text: 'Failover {name}: partner rejects update of {address} to {status}: {reason} ({code})',
    help: 'Reason 16 (less critical) is ordinary where both changed the address at once, mostly at the first contact. Others mean that both know different things of it: the next change settles it',
  },
  'failover-update-refused': {
    level: 'warn',
    text: 'Failover {name}: update of {address} to {status} by the partner is rejected: {reason} ({code})',
    help: 'As failover-update-rejected, the other way round',
  },
  'failover-conflict': {
    level: 'error',
    text: 'Failover {name}: {address} was leased to {kept}, which keeps it, and to {lost} at once',
    help: 'Both servers gave it away, which only happens if one was told wrongly that its partner is down. The client that was heard last keeps it, the other one is refused at its next renewal',
  },
  'failover-balanced': {
    level: 'info',
    text: 'Failover {name}: partner is given free addresses ({moved})',
    help: 'Both servers need free addresses to go on alone. Nothing to do',
  },
  'failover-updates-requested': {
    level: 'info',
    text: 'Failover {name}: partner asked for updates ({what})',
    help: 'It lost contact, or its memory. Nothing to do',
  },
  'failover-updates-done': {
    level: 'info',
    text: 'Failover {name}: partner has told all that it knows',
    help: 'Nothing to do',
  },
  'failover-partner-lost-memory': {
    level: 'warn',
    text: 'Failover {name}: partner lost what it knew, or was shut down unheard: leases that it may have extended are held for longer (leases: {count})',
    help: 'A partner without its queue file may have promised more than this server knows, by mclt at most. Nothing to do',
  },
  'failover-partner-roused': {
    level: 'warn',
    text: 'Failover {name}: partner does not answer, it is told that recovery is done so that it sends what it still has',
    help: 'A dhcpd in partner-down keeps updates back that were on their way when a connection broke. Until they have come this server answers nobody. Nothing to do; if it does not reach normal, start dhcpd anew',
  },
  'failover-unreachable': {
    level: 'warn',
    text: 'Failover {name}: partner cannot be reached at {place}: {error}',
    help: 'It is dialled every 5 seconds, and told again if the cause changes. If it is not down: compare peer-address and peer-port with its address and port, look at firewalls between, and whether `address` is one of this machine',
  },
  'failover-fault': {
    level: 'error',
    text: 'Failover {name}: internal fault, the connection is made anew: {error}',
    help: 'A fault of this program. Nothing that was stored is lost, the partner is told again. Please report it',
  },
  'failover-forgotten': {
    level: 'warn',
    text: 'What was stored of failover relationships and pools that are configured no longer, or in another role, is forgotten (relationships: {relationships}; addresses: {addresses})',
    help: 'Ordinary after such a change of the configuration. A name or role that was wrong for one start: put it right, then this server asks its partner for everything, and answers nobody in the shared pools until mclt has passed; so it does after a range was wrong. To change name or role for good change it at both servers: neither answers until then',
  },
  'failover-asks-anew': {
    level: 'warn',
    text: 'Failover {name}: this server ran without some of the addresses, so it asks its partner for everything',
    help: 'A range was missing from the configuration, or wrong, for a start, and is back. Nobody in the shared pools is answered until the partner has told all and mclt has passed. Nothing to do',
  },
  'failover-command-refused': {
    level: 'warn',
    text: 'Failover {name}: command {command} is not followed: {reason}',
    help: 'The state of the relationship does not allow it; see `portledger failover status`',
  },
  'failover-stranger': {
    level: 'warn',
    text: 'Connection from {source} to failover port {port} is closed: no relationship has this address as peer-address',
    help: 'Only partners may connect. If it is one, correct peer-address; else keep strangers away from the port',
  },
  'failover-too-many-connections': {
    level: 'warn',
    text: 'Failover {name}: partner holds {count} connections, more are closed at once',
    help: 'One is needed. Look at what runs on the address of the partner',
  },
  'failover-partner-reads-nothing': {
    level: 'warn',
    text: 'Failover {name}: connection is cut, partner left {octets} octets unread',
    help: 'It is overloaded or faulty; the connection is made anew',
  },
  'failover-socket-fault': {
    level: 'warn',
    text: 'Failover socket {place}: {error}',
    help: 'The server goes on listening',
  },

  // queue
  'queue-lost': {
    level: 'warn',
    text: 'Queue {file} is new, but {found} is there of one before it: leases and events of that one are not known here',
    help: 'The file was removed or queue.file names another place: clients may hold addresses that are given again, and what was not shipped is missing. If the old file still exists, stop the server and put it back. Nothing to do if the key was laid there for a first start',
  },
  'queue-write-failed': {
    level: 'error',
    text: '{error}',
    help: 'Leases and events cannot be stored, mostly because the disk is full. By queue.on-failure the server is silent (refuse) or answers and records a gap (serve). Policy `stop` means that the stop itself could not be recorded',
  },
  'queue-recovered': {
    level: 'warn',
    text: 'The queue can be written again: {refused} requests were refused, {answered} answered without a record',
    help: 'The span is recorded as an event and a gap',
  },
  'key-made': {
    level: 'warn',
    text: 'Made key {key} in {file}: keep a copy of {public} where nobody who can change the trail can change it',
    help: 'Checkpoints of this server are signed with this key. Who holds the public half can verify the trail without trusting its administrator. If the server had a key before, its file was lost, and verify does not trust this one by the old one: look at queue.key-file',
  },
  'checkpoint-made': {
    level: 'debug',
    text: 'Signed event {sequence} with key {key}',
    help: 'What lies before it in this queue can no longer be changed unnoticed by anybody who does not hold the key',
  },
  'checkpoint-failed': {
    level: 'error',
    text: 'A checkpoint could not be signed: {error}',
    help: 'Events are recorded and shipped, but not signed. Look at the disk of the queue; it is tried again every second',
  },
  'key-rotated': {
    level: 'warn',
    text: 'Key {key} signs from now on, certified by {by}',
    help: 'Nothing needs to be done: who trusts the old public key trusts the new one by it',
  },
  'housekeeping-failed': {
    level: 'error',
    text: 'A task of the server failed and will be tried again: {error}',
    help: 'Mostly a full disk: shipped events cannot be deleted',
  },

  // net
  'net-fault': {
    level: 'warn',
    text: 'Network fault: {operation} failed with {code}',
    help: 'A reply could not be sent, or a socket reported an error; the server goes on. EHOSTUNREACH and ENETUNREACH mean that there is no route to the relay or client',
  },
  'direct-clients-unavailable': {
    level: 'warn',
    text: 'Only relayed clients are served on {address}: {reason}',
    help: 'Directly attached clients need Linux and CAP_NET_RAW. Nothing to do where all clients come through relays',
  },
  'link-replies-unavailable': {
    level: 'warn',
    text: 'Replies to clients without an address are broadcast on {address}: {reason}',
    help: 'Clients understand this as well; their neighbours hear it too. CAP_NET_RAW ends it',
  },

  // trail
  'trail-migrated': {
    level: 'info',
    text: 'Trail {trail} was brought to the newest schema: {migrations}',
    help: 'Tables or views were made or changed. Nothing to do',
  },
  'trail-renamed': {
    level: 'info',
    text: 'Switches and ports in trail {trail} were named anew',
    help: 'The configuration names or decodes switches differently than before. What they are identified by did not change',
  },

  // ship
  'ship-waiting': {
    level: 'info',
    text: 'Queue {file} is not there yet, waiting for the server to make it',
    help: 'The shipper goes on by itself once the server has started. If it runs, compare queue.file of both',
  },
  'ship-started': {
    level: 'info',
    text: 'Events of {server} are shipped to {trail}',
    help: 'Queue and trail are open and fit each other',
  },
  'ship-trail-away': {
    level: 'warn',
    text: 'Trail cannot be written, next attempt in {seconds} s: {error}',
    help: 'The events stay in the queue and the server goes on. Look at the database; the shipper goes on by itself when it is back',
  },
  'ship-trail-back': {
    level: 'info',
    text: 'Trail {trail} can be written again',
    help: 'Shipping goes on after ship-trail-away. Nothing to do',
  },
  'ship-batch': {
    level: 'debug',
    text: 'Event {sequence} and all before it are in the trail',
    help: 'One transaction of the shipper; known counts events that were there already',
  },
  'ship-event-quarantined': {
    level: 'error',
    text: 'Trail rejects event {sequence} ({kind}, {address}) for good, it is set aside: {reason}',
    help: 'The event stays in the chain, in table quarantined, and a gap names it; all others are shipped. Look at the reason: a trigger or a changed column of the trail, or a value that no column holds',
  },
  'ship-progress': {
    level: 'info',
    text: '{left} events are left to ship, {rate} are shipped per second',
    help: 'A backlog drains, after an outage of the trail for instance',
  },
  'ship-caught-up': {
    level: 'info',
    text: 'The backlog is shipped (events: {events})',
    help: 'The trail is up to date again',
  },
  'ship-stopped': {
    level: 'info',
    text: 'Shipper ends (events shipped: {events})',
    help: 'It was told to stop, or ship --once found nothing more to ship',
  },
  'ship-cut-off': {
    level: 'warn',
    text: 'Trail did not answer within {seconds} s of the stop, shipper ends without it',
    help: 'The trail takes back what was under way, and the queue keeps it: nothing is lost. Look at the database',
  },
} as const satisfies Record<string, MessageDefinition>;

export type MessageId = keyof typeof MESSAGES;

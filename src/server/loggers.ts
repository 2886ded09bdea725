import type { Logger } from '../operate/log/logger.js';

/** Loggers of the parts that the server runs. */
export interface ServerLoggers {
  server: Logger;
  net: Logger;
  queue: Logger;
  failover: Logger;
}

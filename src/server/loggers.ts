import type { Logger } from '../operate/log/logger.js';

/** The loggers of a server, made once by its caller and handed in. */
export interface ServerLoggers {
  server: Logger;
  net: Logger;
  queue: Logger;
  failover: Logger;
}

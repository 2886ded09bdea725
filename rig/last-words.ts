const LINES = 8;

/** The last log lines of a service, below its name: they may say why it ended, or got no lease. */
export function lastWords(service: string, log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return `${service} logged nothing`;
  return [`${service} logged last:`, ...lines.slice(-LINES).map((line) => `  ${line.trimEnd()}`)].join('\n');
}

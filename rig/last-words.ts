const LINES = 8;

/** What a service logged last, below its name: it may tell why the service ended, or was given no lease. */
export function lastWords(service: string, log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return `${service} logged nothing`;
  return [`${service} logged last:`, ...lines.slice(-LINES).map((line) => `  ${line.trimEnd()}`)].join('\n');
}

/** Characters that a line of a table may have: those of the terminal. A file or a pipe takes lines of any length. */
export function tableWidth(): number {
  return process.stdout.columns || Number.POSITIVE_INFINITY;
}

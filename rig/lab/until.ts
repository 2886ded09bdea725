const POLL_MS = 20;

/**
 * Waits until the condition returns something other than undefined, false or null, and returns that. Rejects after `withinMs` milliseconds
 * with the name of what it waited for; `detail` adds information, such as a program's output.
 */
export async function until<T>(
  what: string,
  condition: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  { withinMs = 10_000, detail = () => '' }: { withinMs?: number; detail?: () => string } = {},
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const result = await condition();
    if (result !== undefined && result !== null && result !== false) return result;
    if (Date.now() >= deadline) throw new Error(`No ${what} within ${withinMs} ms\n${detail()}`.trimEnd());
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

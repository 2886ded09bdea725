/** The forms in which an answer can be written. */
export const OUTPUTS = ['table', 'json', 'ndjson', 'csv', 'html'] as const;
export type Output = (typeof OUTPUTS)[number];

export function mysqldCommand(): readonly string[] | undefined;

export const CACHE: string;

export function mysqldCommand(): readonly string[] | undefined;

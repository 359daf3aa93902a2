/** Code in which late parts are imported at the top; `null`: there are none. */
export function partsAtOnce(code: string): string | null;

/** Writes the modules that jco makes of a component's file into a folder; the first of them is `http-core.js`. */
export function transpile(component: string, folder: string): Promise<void>;

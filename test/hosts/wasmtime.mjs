// The release of Python's wasmtime that hosts components, and counts fuel beside the benchmarks, for pip.
export const WASMTIME = 'wasmtime==50.0.1';

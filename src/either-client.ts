/**
 * Types for either client (`RequestContent`, `AuthTypes`, `Resolve`) hold what `AsyncClient` alone can do, and are taken by
 * `Client` too; a value that must be waited for is not, where its own type says so. Every object has the member that tells:
 * it fits a function that gives `void`, as any does, but none that gives a union of it. Nobody calls it.
 */

/** Marks what such a type holds for `AsyncClient` alone. */
export interface ForEitherClient {
  /** Every object has it: it is there for the compiler. */
  propertyIsEnumerable(name: PropertyKey): void;
}

/** Marks what `Client` takes as part of such a type, and not by itself. */
export interface TakenByClient {
  /** No object has it like this: it is there for the compiler. */
  // biome-ignore lint/suspicious/noConfusingVoidType: as a union it is none that a boolean fits
  propertyIsEnumerable(name: PropertyKey): void | undefined;
}

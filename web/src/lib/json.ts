/** Reading JSON that somebody else wrote: what is missing or of another type becomes null. */

export type Json = Record<string, unknown>;

export const record = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};

/** The same, of a known type: a field that the type has not is a mistake that the compiler finds. */
export function shape<T>(value: unknown): { [Key in keyof T]?: unknown };
export function shape(value: unknown): Json {
  return record(value);
}

export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
export const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

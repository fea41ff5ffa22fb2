import type { State } from './data.ts';

/** What a cell of the map shows: also what no address is at, since AWS keeps it. */
export type Shown = State | 'reserved';

/** In the order of the legend; each name is also the class of the style sheet. */
export const WORDS: Readonly<Record<Shown, string>> = {
  assigned: 'assigned and claimed',
  'on-its-way': 'on its way',
  missing: 'claimed and missing',
  conflict: 'in conflict',
  problem: 'cannot be met',
  leaked: 'leaked',
  foreign: 'foreign',
  primary: 'primary of an ENI',
  reserved: 'reserved by AWS',
};

/** `3 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** `2026-01-15T03:02:11Z`. */
export function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

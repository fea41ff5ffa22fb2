import { type Control, controlFrom, controlName } from '../../../shared/control.ts';
import type { Life } from './life.ts';

/** Of the functions that are played. */
export const STAGE = 'faults';

/** What a process knows of what is stopped (docs/decisions/0027). */
export interface KnownControl {
  /** What it was told last, and when it had asked for that, ms. Absent: it was never told anything. */
  readonly told?: { readonly control: Control; readonly askedAt: number };
  /** When it was last left without an answer that it could use, ms. */
  readonly failedAt?: number;
}

const known = new WeakMap<Life, KnownControl>();

export function knownTo(life: Life): KnownControl {
  return known.get(life) ?? {};
}

/** As functions/control.ts gives a read up. */
const LONGEST_READ_MS = 1_000;

export function isControl(name: string): boolean {
  return name === controlName(STAGE);
}

/** Notes what a process gets to know when it reads a parameter. */
export async function asking(
  life: Life,
  name: string,
  ask: () => Promise<string | undefined>,
): Promise<string | undefined> {
  if (!isControl(name)) return ask();
  const askedAt = life.clock.now();
  const fail = (): void => {
    known.set(life, { ...knownTo(life), failedAt: life.clock.now() });
  };
  let isLate = false;
  const cancel = life.clock.after(LONGEST_READ_MS, () => {
    isLate = true;
    fail();
  });
  try {
    const text = await ask();
    if (isLate) return text;
    if (text === GARBLED) fail();
    else known.set(life, { ...knownTo(life), told: { control: controlFrom(text), askedAt } });
    return text;
  } catch (error) {
    if (!isLate) fail();
    throw error;
  } finally {
    cancel();
  }
}

/** What nobody can read. */
export const GARBLED = '{"stops":';

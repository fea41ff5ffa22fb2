import type { Lab } from './lab.ts';

/** Something about AWS that the code rests on. */
export interface Fact {
  /** Stays the same while the texts may change. */
  readonly id: string;
  readonly fact: string;
  readonly expected: string;
  /** Who says so. */
  readonly source: string;
  /** The file that would be wrong if it were otherwise. */
  readonly restsOn: string;
}

export interface Seen {
  readonly asExpected: boolean;
  readonly seen: string;
}

/** A fact, and how it is tried with ENIs that are attached to nothing. */
export interface Check extends Fact {
  /** Calls that it sends at most, with the reads before and after. */
  readonly calls: number;
  /**
   * The check takes tokens from all who call in the account. It is made only if somebody agreed to that.
   */
  readonly drains?: true;
  /** @throws NotMadeError if it cannot be tried; what the SDK throws if EC2 says nothing of it. */
  readonly run: (lab: Lab) => Promise<Seen>;
}

export type Verdict = 'as expected' | 'differs' | 'not made';

/** A row of the table. */
export interface Result extends Fact {
  readonly verdict: Verdict;
  /** What was seen, or why it was not tried. */
  readonly seen: string;
}

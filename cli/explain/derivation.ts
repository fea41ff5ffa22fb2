import type { Address } from '../../shared/address.ts';

/** The sections of docs/design.md that a line of a derivation rests on, as they are shown. */
export const SECTIONS = {
  claims: 'What a pod claims',
  eni: 'Which ENI',
  ledger: 'The ledger',
  plan: 'What plan decides',
  contest: 'When two claim one',
  clusters: 'Which ENIs are a',
} as const;
export type Section = keyof typeof SECTIONS;

/** One rule that applied, with its values. */
export interface Line {
  readonly section: Section;
  readonly text: string;
}

/** What follows from the lines above it. */
export interface Conclusion {
  /** What would be done now: `keep`, `assign`, …, or the kind of the problem. */
  readonly kind: string;
  /** Whether the pod has what it claims, or needs no address of an ENI. */
  readonly fine: boolean;
  readonly text: string;
}

/** Why an address is, or is not, where a pod claims it. */
export interface Derivation {
  readonly address: Address;
  readonly lines: readonly Line[];
  readonly conclusion: Conclusion;
}

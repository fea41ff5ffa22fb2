import { FOR_THE_HARNESS } from './for-harness.ts';
import { FOR_THE_LEDGER } from './for-ledger.ts';
import { FOR_NARROW_TESTS } from './for-narrow-tests.ts';
import type { Defect } from './plant.ts';

export const DEFECTS: readonly Defect[] = [
  ...FOR_NARROW_TESTS,
  ...FOR_THE_LEDGER,
  ...FOR_THE_HARNESS,
];

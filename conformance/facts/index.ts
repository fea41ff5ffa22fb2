import type { Check } from '../check.ts';
import { ASSIGNING } from './assign.ts';
import { MEASURED } from './buckets.ts';
import { DESCRIBING } from './describe.ts';
import { DELETED } from './gone.ts';
import { IPV6 } from './ipv6.ts';
import { LAG } from './lag.ts';
import { LIMITS } from './limit.ts';
import { MOVING } from './move.ts';
import { UNASSIGNING } from './unassign.ts';

/** Every check of EC2, in the order in which they are made. */
export const CHECKS: readonly Check[] = [
  ...DESCRIBING,
  ...ASSIGNING,
  ...MOVING,
  ...UNASSIGNING,
  ...IPV6,
  ...LIMITS,
  ...LAG,
  ...MEASURED,
  ...DELETED,
];

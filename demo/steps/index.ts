import type { Step } from '../step.ts';
import { assigned } from './assigned.ts';
import { conflict } from './conflict.ts';
import { dual } from './dual.ts';
import { handedOn } from './handed-on.ts';
import { morePods } from './more-pods.ts';
import { networks } from './networks.ts';
import { notAssigned } from './not-assigned.ts';
import { replayed } from './replayed.ts';
import { swept } from './swept.ts';

/** The user's scenario, each step on what the one before left. */
export const STEPS: readonly Step[] = [
  networks,
  notAssigned,
  assigned,
  dual,
  morePods,
  conflict,
  handedOn,
  swept,
  replayed,
];

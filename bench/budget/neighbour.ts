import type { Throttle } from '../../sandbox/ec2/throttle.ts';
import type { Clock } from '../../shared/time/clock.ts';

const EVERY_MS = 1_000;
const ACTIONS = ['AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses'];

/**
 * Somebody else in the account, such as the VPC CNI.
 *
 * @param assigns it makes one Assign a second. Else it makes none, and only sees each second whether
 *   an Assign and an Unassign would be throttled.
 * @returns how many per cent of the seconds so far EC2 had no token for it.
 */
export function startNeighbour(clock: Clock, throttle: Throttle, assigns: boolean): () => number {
  let seconds = 0;
  let refused = 0;
  const call = (): void => {
    const answered = assigns
      ? throttle.take('AssignPrivateIpAddresses')
      : ACTIONS.every((action) => throttle.has(action));
    seconds += 1;
    if (!answered) refused += 1;
    clock.after(EVERY_MS, call);
  };
  call();
  return () => (100 * refused) / seconds;
}

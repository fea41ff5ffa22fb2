import { createBookings, type UpdateItem } from '../shared/enis/bookings.ts';
import { createBucket } from '../shared/enis/bucket.ts';
import type { MakeBucket } from '../shared/enis/call-budget.ts';
import { sharedBucket } from '../shared/enis/shared-bucket.ts';
import { READ } from '../shared/enis/writing-actions.ts';
import { ALL_CLUSTERS, type Telemetry } from '../shared/telemetry.ts';
import type { Clock, Random } from '../shared/time/clock.ts';

/**
 * The buckets of calls that all executions of the account and Region book in one table. Reads have four times
 * the tokens, and nothing is booked for them.
 *
 * @param table absent, as `updateItem`: each execution learns alone what is its own.
 */
export function sharedBuckets(
  table: string | undefined,
  updateItem: UpdateItem | undefined,
  options: {
    readonly clock: Clock;
    readonly telemetry: Pick<Telemetry, 'metric' | 'warn'>;
    readonly random?: Random;
  },
): MakeBucket | undefined {
  if (table === undefined || updateItem === undefined) return undefined;
  const { clock, telemetry, random = Math.random } = options;
  return (action, limits, onChange) => {
    const alone = createBucket(limits);
    if (action === READ) return alone;
    return sharedBucket({
      ...{ clock, random, limits, alone, onChange },
      bookings: createBookings({ clock, table, action, limits, updateItem }),
      onFailure(error) {
        telemetry.warn("EC2's calls are not booked", {}, { table, action, detail: String(error) });
        telemetry.metric('BudgetTableFailures', ALL_CLUSTERS, 1);
      },
    });
  };
}

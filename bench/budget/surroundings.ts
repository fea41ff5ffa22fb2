import type { BucketSize } from '../../sandbox/ec2/throttle.ts';
import type { Neighbour } from './neighbour.ts';

/** What of the stage's configuration differs from the defaults. */
export interface BenchSettings {
  readonly concurrency?: number;
  readonly ec2?: {
    readonly share?: number;
    readonly maxPerSecond?: number;
    /** The executions of all clusters book their calls in one table. */
    readonly budgetTable?: true;
  };
}

/** What a scenario is played on. */
export interface Surroundings {
  /** EC2's buckets that differ from AWS's defaults. */
  readonly limits?: Readonly<Record<string, BucketSize>>;
  /** Default: nobody else makes calls. */
  readonly neighbour?: Neighbour;
  readonly settings?: BenchSettings;
  /** How many Multus ENIs a worker has. Default: two. */
  readonly enis?: number;
  /** After how many ms Lambda gives an execution environment up. Default: never. */
  readonly replacedAfterMs?: number;
}

import { REGION } from '../../../sandbox/aws.ts';
import { type Config, configFrom } from '../../../shared/config.ts';
import type { PolicyName } from '../../../shared/plan/policy.ts';
import type { VirtualWorld } from '../world/world.ts';
import { STAGE } from './controls.ts';

interface Configured {
  readonly clusters: readonly string[];
  readonly room?: boolean;
  readonly policy?: PolicyName;
}

/** The functions' configuration. */
export function configOf(
  { clusters, room = false, policy = 'sync' }: Configured,
  queues: VirtualWorld['queues'],
): Config {
  return configFrom({
    AWS_REGION: REGION,
    STAGE,
    CLUSTERS: JSON.stringify(clusters.map((name) => ({ name, advertiseRoom: room, policy }))),
    QUEUE_URL: queues.queueUrl,
    DEAD_LETTER_QUEUE_URL: queues.deadLetterQueueUrl,
  });
}

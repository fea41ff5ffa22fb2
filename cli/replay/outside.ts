import type { Clock } from '../../shared/time/clock.ts';
import { readJoined } from '../access/stage.ts';
import { awsClients, eksClient } from '../aws-clients.ts';
import { podsOf } from '../cluster-pods.ts';
import type { Sink } from '../output.ts';
import type { ReplayOutside } from './program.ts';

/** What `replay` needs beside what the whole program has. */
export function outsideOf(given: {
  readonly clock: Clock;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly interrupted: () => AbortSignal;
}): ReplayOutside {
  const { clock, stdout, stderr, interrupted } = given;
  return {
    aws: (region) => ({
      ...awsClients(region, clock),
      async queueOfJoined(stage, cluster) {
        return (await readJoined({ stage, region, cluster }, { clock }))?.queueUrl;
      },
    }),
    podsOf: (choice, region) => podsOf(choice, eksClient(region), clock),
    clock,
    stdout,
    stderr,
    interrupted,
    waitSeconds: 1,
  };
}

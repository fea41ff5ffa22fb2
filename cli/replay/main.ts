/** `npm run replay -- <command>`: see docs/replay.md. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EKSClient } from '@aws-sdk/client-eks';
import { SQSClient } from '@aws-sdk/client-sqs';
import { systemClock } from '../../shared/clock.ts';
import { podsOf } from '../cluster-pods.ts';
import { run } from './program.ts';

/** Two of these fit into the time for which a message is held. */
const CALL_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 3_000;

const requestHandler = { requestTimeout: CALL_TIMEOUT_MS, connectionTimeout: CONNECT_TIMEOUT_MS };

process.exitCode = await run(process.argv.slice(2), {
  aws: (region) => ({
    // The region and AWS_ENDPOINT_URL_SQS say where SQS is, as for any other service.
    sqs: new SQSClient({ region, requestHandler, useQueueUrlAsEndpoint: false }),
    cloudFormation: new CloudFormationClient({ region, requestHandler }),
  }),
  podsOf: (choice, region) =>
    podsOf(choice, new EKSClient({ region, requestHandler }), systemClock),
  clock: systemClock,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupted() {
    const controller = new AbortController();
    // Once: who asks a second time is ended at once.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => controller.abort());
    }
    return controller.signal;
  },
  waitSeconds: 1,
});

import fc from 'fast-check';
import { readConfig as forwarderConfig } from '../../../forwarder/config.ts';
import { configFrom } from '../../../shared/config.ts';
import { hostileText, mutated, mutatedText } from '../hostile.ts';
import { fuzzTarget } from '../target.ts';
import { block } from './values.ts';

const clusters = mutatedText(
  fc.array(
    fc.record(
      {
        name: fc.constantFrom('demo', 'staging'),
        ranges: fc.array(block, { maxLength: 2 }),
        policy: fc.constantFrom('sync', 'upsert-only', 'dry-run'),
      },
      { requiredKeys: ['name'] },
    ),
    { minLength: 1, maxLength: 3 },
  ),
);

const url = fc.constant('https://sqs.us-east-1.amazonaws.com/111122223333/queue.fifo');

/** Variables are text or not set, whatever is put in. */
function variablesOf(valid: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, string>> {
  return mutated(valid).map((json) => {
    const entries = typeof json === 'object' && json !== null ? Object.entries(json) : [];
    return Object.fromEntries(
      entries.map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    );
  });
}

export const CONFIGURATION = [
  fuzzTarget({
    name: "the functions' environment",
    inputs: variablesOf(
      fc.record(
        {
          AWS_REGION: fc.constant('us-east-1'),
          CLUSTERS: clusters,
          QUEUE_URL: url,
          DEAD_LETTER_QUEUE_URL: url,
          MANAGED_TAG: fc.oneof(fc.constant('team=net'), hostileText),
        },
        { requiredKeys: ['AWS_REGION', 'CLUSTERS', 'QUEUE_URL', 'DEAD_LETTER_QUEUE_URL'] },
      ),
    ),
    read: configFrom,
    mayThrow: (error) => says(error, 'configuration: '),
  }),
  fuzzTarget({
    name: "the forwarder's environment",
    inputs: variablesOf(
      fc.record({
        CLUSTER_NAME: fc.constant('demo'),
        QUEUE_URL: url,
        AWS_REGION: fc.constant('us-east-1'),
        POD_NAME: fc.constant('forwarder-0'),
        POD_NAMESPACE: fc.constant('default'),
        HTTP_PORT: fc.constantFrom('8080', '0'),
        OUTBOX_LIMIT: fc.constantFrom('10000', '1'),
      }),
    ),
    read: forwarderConfig,
    mayThrow: (error) => says(error, 'environment: '),
  }),
];

function says(error: unknown, beginning: string): boolean {
  return error instanceof Error && error.message.startsWith(beginning);
}

import { EC2Client } from '@aws-sdk/client-ec2';
import { SQSClient } from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import { startAws } from '../../../sandbox/aws.ts';
import { KUBERNETES_GROUP } from '../../../shared/cluster/errors.ts';
import type { Column, StageFaults } from '../../support/stage.ts';
import type { TrackedClock } from '../../support/tracked-clock.ts';
import { setUpEc2 } from './moto-ec2.ts';
import { installOnMoto } from './moto-functions.ts';
import { setUpSqs, waitsHere } from './moto-sqs.ts';
import { type Account, startRealStage } from './real-stage.ts';

/** etcd, kube-apiserver and the controllers, moto's EC2 and SQS, and stand-ins for nodes. */
export const kubeApiserverAndMoto: Column = {
  lacks: {
    'one-holder':
      'moto puts an address that another ENI has on both, and finds no ENI by a secondary address',
    ipv6: "moto's DescribeSubnets has no state of an IPv6 block that EC2 has",
    pages: 'moto shows any number of ENIs in one answer',
    prefixes: 'moto delegates no prefixes',
    'ec2-faults': 'moto does not fail on demand',
  },
  start: (options) => startRealStage(options, startAccount),
};

/** moto's account, emptied; it lacks EKS clusters whose API server one can choose. */
async function startAccount(clock: TrackedClock): Promise<Account> {
  const endpoint = inject('moto');
  const reset = await fetch(new URL('/moto-api/reset', endpoint), { method: 'POST' });
  if (!reset.ok) throw new Error(`moto could not be reset: ${reset.status}`);
  const { eks, environment, stop } = await startAws({ clock });
  const { AWS_ENDPOINT_URL_EKS, AWS_ENDPOINT_URL_STS, ...rest } = environment;
  const elsewhere = Object.keys(rest).filter((name) => name.startsWith('AWS_ENDPOINT_URL_'));
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = { region: environment.AWS_REGION, endpoint, credentials };
  const { cloud, launch } = await setUpEc2(new EC2Client(client));
  const { queue, deadLetterQueue, inside } = await setUpSqs(new SQSClient(client));
  return {
    eks,
    queue,
    environment: {
      ...environment,
      ...Object.fromEntries(elsewhere.map((name) => [name, endpoint])),
      QUEUE_URL: queue.url,
      DEAD_LETTER_QUEUE_URL: deadLetterQueue.url,
    },
    adaptPoller: waitsHere,
    async installFunctions(variables, clusters) {
      const role = await installOnMoto(client, variables);
      for (const name of clusters) {
        eks.addAccessEntry(name, role, KUBERNETES_GROUP, [KUBERNETES_GROUP]);
      }
    },
    launch,
    cloud: () => cloud,
    insideQueue: () => inside,
    faults: (outage) => ({ ...outage, ...NO_FAULTS }),
    stop,
  };
}

const refuse = (): never => {
  throw new Error('moto does not fail on demand');
};
const NO_FAULTS: Omit<StageFaults, 'goDown' | 'comeUp'> = {
  loseEc2Answer: refuse,
  throttleEc2: refuse,
  throttled: refuse,
  lagEc2: refuse,
  ec2CallsAt: refuse,
};

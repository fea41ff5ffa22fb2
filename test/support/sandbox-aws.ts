import type { Aws } from '../../sandbox/aws.ts';
import type { LoggedCall } from '../../sandbox/ec2/calls.ts';
import type { BucketSize } from '../../sandbox/ec2/throttle.ts';
import { MANAGED_TAG, type Worker as SandboxWorker, type WorkerEni } from '../../sandbox/worker.ts';
import { compareAddresses } from '../../shared/address.ts';
import type { Product } from './product.ts';
import type { Cloud, StageFaults, StageQueue, Worker, WorkerOptions } from './stage.ts';
import { cloudClient } from './stage-cloud.ts';

/** The ENIs of a worker beside eth0. */
export function workerEnis({ subnets }: Aws, options: WorkerOptions = {}): WorkerEni[] {
  const { subnets: names = ['multus1', 'multus2'], eth1Tagged = true } = options;
  return names.map((subnet, index) => ({
    deviceIndex: index + 1,
    subnetId: subnets[subnet],
    tagged: index > 0 || eth1Tagged,
  }));
}

/** A worker in the words of the scenarios. */
export function stageWorker(cluster: string, { name, instanceId, enis }: SandboxWorker): Worker {
  const [, eth1, eth2] = enis;
  if (eth1 === undefined || eth2 === undefined) throw new Error('a worker has three ENIs');
  return { cluster, name, instanceId, eth1: eth1.id, eth2: eth2.id };
}

/** The sandbox's EC2. */
export function sandboxCloud({ ec2, subnets }: Aws, product: Product): Cloud {
  const managed = { ...MANAGED_TAG };
  return {
    ...cloudClient(product.ec2),
    async addressesOn(eniId) {
      const { secondary, ipv6 } = ec2.eni(eniId);
      return [...secondary, ...ipv6].sort(compareAddresses);
    },
    delegatePrefix: async (eniId, cidr) => ec2.addPrefix(eniId, cidr),
    terminate: async (worker) => ec2.terminateInstance(worker.instanceId),
    async addStranger({ addresses, otherVpc = false }) {
      const vpcId = otherVpc ? ec2.addVpc() : ec2.vpcId;
      const subnetId = otherVpc ? ec2.addSubnet({ vpcId, cidr: '172.16.1.0/24' }) : subnets.multus1;
      const instance = ec2.addInstance({
        type: 'm5.large',
        enis: [
          { deviceIndex: 0, subnetId },
          { deviceIndex: 1, subnetId, secondary: addresses, tags: managed },
        ],
      });
      return instance.enis[1]?.id ?? '';
    },
    async addSpareEnis(count) {
      const subnetId = ec2.addSubnet({ cidr: '172.31.0.0/16' });
      for (let index = 0; index < count; index += 1) {
        const primary = `172.31.${1 + Math.floor(index / 250)}.${index % 250}`;
        ec2.addEni({ subnetId, primary, tags: managed });
      }
    },
  };
}

/** What the sandbox's SQS has. */
export function insideSandboxQueue({
  sqs,
  queue,
  deadLetterQueue,
}: Aws): Pick<StageQueue, 'deadLetters' | 'size'> {
  return {
    deadLetters: async () =>
      sqs.messages(deadLetterQueue.name).map(({ body, attributes }) => ({
        body,
        reason: attributes.reason?.StringValue,
      })),
    size: async () => sqs.messages(queue.name).length,
  };
}

/** What goes wrong in the sandbox's EC2. */
export function sandboxFaults(
  { ec2 }: Aws,
  outage: Pick<StageFaults, 'goDown' | 'comeUp'>,
): StageFaults {
  const buckets: Record<string, BucketSize> = {};
  return {
    ...outage,
    loseEc2Answer: (action, times) =>
      void ec2.faults.add({ action, times, effect: { kind: 'lost-response' } }),
    throttleEc2(action, tokens, refillPerSecond) {
      buckets[action] = { tokens, refillPerSecond };
      ec2.throttle.enable(buckets);
    },
    throttled: () => ec2.calls.all().filter(isThrottled).length,
    lagEc2: (ms) => ec2.setStaleness({ kind: 'time', ms }),
    ec2CallsAt: (action) =>
      ec2.calls
        .all()
        .filter((call) => call.action === action)
        .map(({ at }) => at),
  };
}

function isThrottled({ outcome }: LoggedCall): boolean {
  return outcome.kind === 'refused' && outcome.code === 'RequestLimitExceeded';
}

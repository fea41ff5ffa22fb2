import { startAws } from '../../../sandbox/aws.ts';
import { launchWorker } from '../../../sandbox/worker.ts';
import { installFunctions } from '../../../sandbox/world.ts';
import {
  insideSandboxQueue,
  sandboxCloud,
  sandboxFaults,
  workerEnis,
} from '../../support/sandbox-aws.ts';
import type { Column } from '../../support/stage.ts';
import type { TrackedClock } from '../../support/tracked-clock.ts';
import { type Account, startRealStage } from './real-stage.ts';

/** etcd, kube-apiserver and the controllers, with the sandbox's AWS and stand-ins for nodes. */
export const kubeApiserver: Column = {
  lacks: {},
  start: (options) => startRealStage(options, startAccount),
};

async function startAccount(clock: TrackedClock): Promise<Account> {
  const aws = await startAws({ clock });
  return {
    ...aws,
    installFunctions: async (...given) => installFunctions(aws, ...given),
    async launch(cluster, options) {
      const { instanceType } = options ?? {};
      const enis = workerEnis(aws, options);
      const nodeSubnetId = aws.subnets.node;
      return launchWorker(aws.ec2, { cluster, nodeSubnetId, enis, instanceType });
    },
    cloud: (product) => sandboxCloud(aws, product),
    insideQueue: () => insideSandboxQueue(aws),
    faults: (outage) => sandboxFaults(aws, outage),
  };
}

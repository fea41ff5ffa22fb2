import { check } from '../expect.ts';
import { demoRows } from '../rows.ts';
import { eniOf, type Step } from '../step.ts';

export const networks: Step = {
  name: 'two workers, and the networks ipvlan-conf-1 (eth1) and ipvlan-conf-2 (eth2)',
  async run(stage) {
    const { kubectl, workers, world } = stage;
    await kubectl.apply('ipvlan-conf-1.yaml');
    await kubectl.apply('ipvlan-conf-2.yaml');
    const { first, second } = workers;
    const { subnets } = world.ec2.snapshot();
    const lines = [first, second].flatMap((worker) =>
      [1, 2].map((index) => {
        const { id, subnetId } = eniOf(worker, index);
        return `${worker.name}  eth${index}  ${id}  ${subnets.get(subnetId)?.ipv4.cidr}`;
      }),
    );
    const ofWorkers = lines.map((line) => line.split('  ').at(-1));
    const wanted = ['172.16.1.0/24', '172.16.3.0/24', '172.16.1.0/24', '172.16.3.0/24'];
    check('the subnets of eth1 and eth2', wanted, ofWorkers);
    check('addresses of pods', [], await demoRows(stage));
    return lines;
  },
};

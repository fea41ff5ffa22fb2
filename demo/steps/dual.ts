import { until } from '../expect.ts';
import { eniOf, type Step, untilRows } from '../step.ts';

export const dual: Step = {
  name: 'sampleapp-dual gets two addresses, one on each ENI',
  async run(stage) {
    const { kubectl, workers } = stage;
    await kubectl.apply('sampleapp-dual.yaml', { node: workers.first.name });
    const [eth1, eth2] = [eniOf(workers.first, 1).id, eniOf(workers.first, 2).id];
    await untilRows(stage, 'sampleapp-dual', [
      { interface: 'net1', address: '172.16.1.71', eni: eth1, state: 'reachable' },
      { interface: 'net2', address: '172.16.3.70', eni: eth2, state: 'reachable' },
    ]);
    const told = [`assigned 172.16.1.71 to ${eth1} (net1), 172.16.3.70 to ${eth2} (net2)`];
    await until('Events IPsAssigned', told, () => kubectl.events('sampleapp-dual', 'IPsAssigned'));
    return told.map((message) => `Event IPsAssigned: ${message}`);
  },
};

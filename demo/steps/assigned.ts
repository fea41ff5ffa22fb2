import { until } from '../expect.ts';
import { startMeasuring } from '../stage.ts';
import { eniOf, type Step, untilQueueIsEmpty, untilRows } from '../step.ts';

export const assigned: Step = {
  name: 'delivery begins: sampleapp gets its address, and can be reached',
  async run(stage) {
    const { kubectl, product, workers } = stage;
    product.startDelivery();
    const eni = eniOf(workers.first, 1).id;
    const row = { interface: 'net1', address: '172.16.1.70', eni, state: 'reachable' };
    await untilRows(stage, 'sampleapp', [row]);
    const told = [`assigned 172.16.1.70 to ${eni} (net1)`];
    await until('Events IPsAssigned', told, () => kubectl.events('sampleapp', 'IPsAssigned'));
    await untilQueueIsEmpty(stage);
    startMeasuring(stage);
    return told.map((message) => `Event IPsAssigned: ${message}`);
  },
};

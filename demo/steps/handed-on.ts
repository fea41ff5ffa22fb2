import { check } from '../expect.ts';
import { eniOf, type Step, untilQueueIsEmpty, untilRows } from '../step.ts';

export const handedOn: Step = {
  name: 'sampleapp is deleted: its ENI is rid of 172.16.1.70, and the pod that waited has it',
  async run(stage) {
    const { kubectl, workers, world } = stage;
    const { first, second } = workers;
    await kubectl.deletePod('sampleapp');
    await untilRows(stage, 'sampleapp-2', [
      {
        interface: 'net1',
        address: '172.16.1.70',
        eni: eniOf(second, 1).id,
        state: 'reachable',
      },
    ]);
    await untilRows(stage, 'sampleapp', []);
    await untilQueueIsEmpty(stage);
    const left = eniOf(first, 1).id;
    check(`addresses on ${left}`, ['172.16.1.71'], world.ec2.eni(left).secondary.map(String));
    return [];
  },
};

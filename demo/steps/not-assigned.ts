import { check } from '../expect.ts';
import { type Step, untilRows } from '../step.ts';

const ADDRESS = '172.16.1.70';

export const notAssigned: Step = {
  name: 'sampleapp runs; EC2 has not heard of its address, and nothing reaches it',
  async run(stage) {
    const { kubectl, workers, world } = stage;
    const { first } = workers;
    await kubectl.apply('sampleapp.yaml', { node: first.name });
    const row = { interface: 'net1', address: ADDRESS, eni: '-', state: 'unreachable' };
    await untilRows(stage, 'sampleapp', [row]);
    check('ENI with the address', undefined, world.ec2.holderOf(ADDRESS));
    return ['Messages wait in the queue: nothing is delivered to the functions yet.'];
  },
};

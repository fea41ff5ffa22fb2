import { check, until } from '../expect.ts';
import { eniOf, type Step, untilQueueIsEmpty, untilRows } from '../step.ts';

/** host-local allocates per node: both workers hand out the range's first address. */
const ADDRESS = '172.16.1.70';

export const conflict: Step = {
  name: 'a second sampleapp, on the other worker, is given 172.16.1.70 too: told so, takes nothing',
  async run(stage) {
    const { kubectl, workers, world } = stage;
    const { first, second } = workers;
    await untilQueueIsEmpty(stage);
    const before = stage.changes();
    await kubectl.apply('sampleapp.yaml', { name: 'sampleapp-2', node: second.name });

    const failures = (): Promise<string[]> => kubectl.events('sampleapp-2', 'IPAssignmentFailed');
    const holder = `${ADDRESS}: held by pod default/sampleapp on node ${first.name} (${eniOf(first, 1).id})`;
    await until('Events IPAssignmentFailed that name the holder', [holder], async () =>
      (await failures()).map((message) => message.split('. ')[0] ?? ''),
    );
    await untilRows(stage, 'sampleapp-2', [
      { interface: 'net1', address: ADDRESS, eni: '-', state: 'unreachable: Conflict' },
    ]);
    await untilQueueIsEmpty(stage);
    check('changes in EC2', 0, stage.changes() - before);
    check(
      'the ENI with the address',
      eniOf(first, 1).id,
      world.ec2.holderOf(ADDRESS)?.eniId ?? 'none',
    );
    return (await failures()).map((message) => `Event IPAssignmentFailed: ${message}`);
  },
};

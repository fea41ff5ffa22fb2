import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../expect.ts';
import { eniOf, type Step, untilQueueIsEmpty, untilRows } from '../step.ts';

const PODS = 8;
/** After this, the forwarder takes the node for quiet again. */
const QUIET_MS = 300;

export const morePods: Step = {
  name: `${PODS} more pods start one after another, and go together`,
  async run(stage) {
    const { kubectl, workers, world } = stage;
    const node = workers.first.name;
    const eni = eniOf(workers.first, 2).id;
    const names = Array.from({ length: PODS }, (_, index) => `more-${index + 1}`);
    for (const [index, name] of names.entries()) {
      await untilQueueIsEmpty(stage);
      await sleep(QUIET_MS);
      await kubectl.apply('sampleapp.yaml', { name, node, networks: 'ipvlan-conf-2' });
      const address = `172.16.3.${71 + index}`;
      await untilRows(stage, name, [{ interface: 'net1', address, eni, state: 'reachable' }]);
    }
    for (const name of names) await kubectl.deletePod(name);
    await until(`addresses on ${eni}`, ['172.16.3.70'], () =>
      world.ec2.eni(eni).secondary.map(String),
    );
    return [];
  },
};

import { expect, test } from 'vitest';
import { measureRoom } from '../../../functions/sweep/measure-room.ts';
import { startBed } from '../../support/bed.ts';
import { embeddedCluster } from '../../support/embedded.ts';
import { sandboxCloud } from '../../support/sandbox-aws.ts';

test('a sweep tells how full the fullest ENI is, and how many addresses are free', async () => {
  const bed = await startBed();
  const { world } = bed;
  try {
    await bed.sweep();
    expect(bed.telemetry.values('FullestEni')).toEqual([]);
    const cluster = embeddedCluster(world, world.cluster);
    const [worker] = [await cluster.addWorker(), await cluster.addWorker()];
    await sandboxCloud(world, bed).assign(worker.eth1, ['172.16.1.70', '172.16.1.71']);
    await bed.sweep();
    expect(bed.telemetry.values('FullestEni', 'all')).toEqual([30]);
    const swept = bed.telemetry.lines.findLast(({ text }) => text === 'swept');
    expect(swept?.detail).toMatchObject({
      clusters: [{ room: { used: 6, free: 34, fullest: 30 } }],
    });
  } finally {
    await bed.stop();
  }
});

test('of a cluster without ENIs there is nothing to tell', () => {
  expect(measureRoom([])).toEqual({ used: 0, free: 0 });
});

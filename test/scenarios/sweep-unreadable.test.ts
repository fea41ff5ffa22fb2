import { describe, expect } from 'vitest';
import { leaveOn } from '../support/leftover.ts';
import { NET_1, UNREADABLE } from '../support/networks.ts';
import { scenario } from '../support/scenario.ts';
import { eventually } from '../support/wait.ts';

const ALONE = { forwarder: false };

describe('a sweep that cannot read everything', () => {
  scenario('tells of a network that cannot be read, its owner once', ALONE, async (stage) => {
    const { cluster, telemetry } = stage;
    await cluster.applyNetwork(NET_1);
    const network = await cluster.applyNetwork(UNREADABLE);
    const told = {
      type: 'Warning',
      reason: 'UnreadableNetwork',
      message: expect.stringMatching(/multus-eni\.dev\/ranges: \[0\]: "172\.16\.1\.64\/99"/),
    };

    await stage.sweep();
    await stage.sweep();
    expect(await cluster.eventsOf(network)).toEqual([expect.objectContaining(told)]);
    expect(telemetry.values('NetworksUnreadable')).toEqual([1, 1]);
    const lines = telemetry.lines.filter(({ level }) => level === 'warn');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      text: 'NetworkAttachmentDefinitions cannot be read',
      subject: { cluster: cluster.name },
      detail: { count: 1, networks: [expect.stringMatching(/^default\/unreadable: annotation /)] },
    });
    expect(telemetry.lines.findLast(({ text }) => text === 'swept')?.detail).toMatchObject({
      clusters: [{ unreadableNetworks: 1 }],
    });
  });

  scenario(
    'tells nobody of such a network in a dry run, and the operator all the same',
    { ...ALONE, clusters: [{ name: 'demo', policy: 'dry-run' }] },
    async (stage) => {
      const network = await stage.cluster.applyNetwork(UNREADABLE);
      await stage.sweep();
      expect(await stage.cluster.eventsOf(network)).toEqual([]);
      expect(stage.telemetry.values('NetworksUnreadable')).toEqual([1]);
    },
  );

  scenario(
    'goes on with the other clusters if one cannot be reached',
    { ...ALONE, clusters: [{ name: 'demo' }, { name: 'other' }] },
    async (stage) => {
      const { cloud, telemetry } = stage;
      const [lost, well] = [stage.clusterNamed('demo'), stage.clusterNamed('other')];
      const worker = await well.addWorker();
      await well.applyNetwork(NET_1);
      await leaveOn({ cloud, cluster: well }, worker.eth1, ['172.16.1.70']);
      await lost.addWorker();
      stage.faults().goDown(lost.name);
      await stage.sweep();

      await eventually(() => cloud.addressesOn(worker.eth1)).toEqual([]);
      expect(telemetry.values('SweepCompleted', well.name)).toEqual([1]);
      expect(telemetry.values('SweepFailed', lost.name)).toEqual([1]);
      expect(telemetry.values('SweepCompleted', lost.name)).toEqual([]);
    },
  );
});

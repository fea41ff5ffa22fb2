import { type Player, SETTLES_MS, type Workload } from '../harness/workload.ts';
import { deleteLedger, editEntry, savedLedgers } from '../world/ledgers.ts';

const net1 = (ip: string) => ({ network: 'net-1', ip }) as const;

/**
 * Somebody changes ledgers: deletes one while pods live, edits an entry to name another pod and to another
 * state, and brings older ones back from a backup. No live pod loses what it has to another namespace.
 */
export const ledgersByHand: Workload = {
  name: 'ledgers changed by hand',
  workers: [{ name: 'a' }, { name: 'b' }],
  networks: ['net-1', 'loose'],
  unannounced: true,
  async play(player) {
    const { pod, wait, sweep, cluster } = player;
    const eth1 = cluster.worker('a').enis[1]?.id ?? '';
    const first = pod('first', { node: 'a' });
    first.attach(net1('172.16.1.70'));
    const second = pod('second', { node: 'a', namespace: 'other' });
    second.attach(net1('172.16.1.71'));
    await wait(1_000);
    const backup = savedLedgers(cluster);
    const third = pod('third', { node: 'b' });
    third.attach(net1('172.16.1.72'), { network: 'loose', ip: '172.16.1.240' });
    await wait(SETTLES_MS);
    deleteLedger(cluster, eth1);
    lookAndSweep(player);
    await wait(1_500);
    const fourth = pod('fourth', { node: 'a' });
    fourth.attach(net1('172.16.1.73'));
    await wait(500);
    // It names a pod that is gone, and one that claims nothing of it; and then as if nothing had come of it.
    editEntry(cluster, eth1, '172.16.1.70', { uid: 'nobody' });
    lookAndSweep(player);
    await wait(1_500);
    editEntry(cluster, eth1, '172.16.1.71', { state: 'Releasing' });
    editEntry(cluster, eth1, '172.16.1.70', { state: 'Assigning' });
    const fifth = pod('fifth', { node: 'a' });
    fifth.attach(net1('172.16.1.74'));
    await wait(1_500);
    third.terminate();
    await wait(200);
    third.remove();
    await wait(SETTLES_MS);
    backup.restore();
    lookAndSweep(player);
    await wait(2_000);
    second.terminate();
    await wait(100);
    second.remove();
    fourth.remove();
    await wait(2_500);
    sweep();
    await wait(2_500);
  },
};

function lookAndSweep({ lookAtAll, sweep }: Player): void {
  lookAtAll();
  sweep();
}

import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { probeReport } from '../../shared/probe.ts';
import { run } from './parts/command.ts';
import { nodeObstacles } from './parts/preconditions.ts';

const MAIN = resolve(import.meta.dirname, '../../ip-manager/main.ts');
const ADDRESS = '2001:db8:1::70';
/** Two hosts of one link, of which the second takes the first one's address. */
const LINK = `
  mount -t sysfs sysfs /sys
  mount -t tmpfs tmpfs /mnt
  ip link set lo up
  ip link add net1 type veth peer name other
  ip address add ${ADDRESS}/64 dev other nodad
  ip link set other up
  ip link set net1 up
  ip address add ${ADDRESS}/64 dev net1
  until ip -6 address show dev net1 | grep -q dadfailed; do sleep 0.1; done
  echo '{"run":"r","interface":"net1","address":"${ADDRESS}"}' > /mnt/order
  "$0" "$1" probe --order /mnt/order > /mnt/log &
  until grep -q duplicates /mnt/log; do sleep 0.1; done
  kill $!
  wait $! || true
  head -n 1 /mnt/log`;

const obstacles = await nodeObstacles();

describe.skipIf(obstacles.length > 0)('on a real link', () => {
  test('a pod of the probe reports an address that another host had already', async () => {
    const command = ['unshare', '--net', '--mount', 'sh', '-ec', LINK, process.execPath, MAIN];
    const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
    const report = probeReport.parse(JSON.parse(await run(command, { env })));
    expect(report.duplicates).toEqual(['2001:0db8:0001:0000:0000:0000:0000:0070']);
    expect(report.link).toMatchObject({ up: true });
  });
});

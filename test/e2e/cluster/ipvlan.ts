import { tryRun } from '../parts/command.ts';

/** What gives pods their ipvlan interfaces: the real plugin, or a stand-in if there is no ipvlan. */
export type Ipvlan = 'kernel' | 'stand-in';

/** Looks, in a scratch network namespace, whether this kernel has ipvlan. */
export async function ipvlanOfKernel(): Promise<Ipvlan> {
  const script =
    'ip link add one type veth peer name two && ip link add three link one type ipvlan mode l3';
  const made = await tryRun(['unshare', '--net', 'sh', '-c', script], {
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  return made === undefined ? 'stand-in' : 'kernel';
}

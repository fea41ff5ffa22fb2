import type { Ec2 } from '../../sandbox/ec2/engine.ts';

/** Where EC2 has the secondary IPv4 addresses, kept up with each change. */
export interface Addresses {
  /** The ENI that has the address. */
  on(address: string): string | undefined;
  count(): number;
  /** Calls `task` once, as soon as the address is on the ENI, or (`'gone'`) is not any more. */
  when(state: 'there' | 'gone', address: string, eniId: string, task: () => void): void;
}

export function watchAddresses(ec2: Ec2): Addresses {
  const holders = new Map<string, string>();
  const waiting = new Map<string, (() => void)[]>();
  const keyOf = (state: 'there' | 'gone', address: string, eniId: string): string =>
    `${state} ${address} ${eniId}`;
  const tell = (key: string): void => {
    const tasks = waiting.get(key) ?? [];
    waiting.delete(key);
    for (const task of tasks) task();
  };

  ec2.onChange(({ before, after }) => {
    for (const [id, eni] of after.enis) {
      const old = before.enis.get(id);
      if (old === eni) continue;
      for (const address of old?.secondary ?? []) {
        if (eni.secondary.includes(address)) continue;
        if (holders.get(address) === id) holders.delete(address);
        tell(keyOf('gone', address, id));
      }
      for (const address of eni.secondary) {
        if (holders.get(address) === id) continue;
        holders.set(address, id);
        tell(keyOf('there', address, id));
      }
    }
  });

  return {
    on: (address) => holders.get(address),
    count: () => holders.size,
    when(state, address, eniId, task) {
      const isThere = holders.get(address) === eniId;
      if (isThere === (state === 'there')) {
        task();
        return;
      }
      const key = keyOf(state, address, eniId);
      waiting.set(key, [...(waiting.get(key) ?? []), task]);
    },
  };
}

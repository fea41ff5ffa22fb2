import { appendFile, chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import type { Interface } from './bed.ts';

/**
 * Stands in for iproute2's `ip` in a pod: it prints the file `addresses`, and every line that is
 * appended to the file `notifications`.
 */
const IP = `#!/bin/sh
cd "$(dirname "$0")"
case "$*" in
  "-j address") exec cat addresses ;;
  "-o monitor address") echo $$ >> monitors; exec tail -n 0 -f notifications ;;
  *) exit 255 ;;
esac
`;

/** A pod's interfaces, which change. */
export interface FakeInterfaces {
  /** The path of `ip`. */
  readonly command: string;
  set(...interfaces: readonly Interface[]): Promise<void>;
  /** The same, and nobody is told. */
  setQuietly(...interfaces: readonly Interface[]): Promise<void>;
  /** The process ids of all `ip monitor` so far. */
  monitors(): Promise<number[]>;
}

export async function fakeInterfaces(...interfaces: readonly Interface[]): Promise<FakeInterfaces> {
  const directory = await temporaryFolder();
  const file = (name: string) => join(directory, name);
  await writeFile(file('ip'), IP);
  await chmod(file('ip'), 0o755);
  await writeFile(file('notifications'), '');
  await writeFile(file('monitors'), '');
  const setQuietly = async (...now: readonly Interface[]): Promise<void> => {
    const output = now.map(({ name, mac, addresses }) => ({
      ifname: name,
      address: mac,
      addr_info: addresses.map((local) => ({ local, scope: 'global' })),
    }));
    await writeFile(file('next'), JSON.stringify(output));
    await rename(file('next'), file('addresses'));
  };
  await setQuietly(...interfaces);
  return {
    command: file('ip'),
    setQuietly,
    async set(...now) {
      await setQuietly(...now);
      await appendFile(file('notifications'), '4: net1    inet 172.16.1.90/32 scope global net1\n');
    },
    monitors: async () =>
      (await readFile(file('monitors'), 'utf8')).split('\n').filter(Boolean).map(Number),
  };
}

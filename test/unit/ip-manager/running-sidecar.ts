import { onTestFinished } from 'vitest';
import type { IpManagerOutside } from '../../../ip-manager/commands/outside.ts';
import { sidecar } from '../../../ip-manager/commands/sidecar.ts';
import { type Bed, type Interface, outsideOf } from './bed.ts';
import type { FakeInterfaces } from './interfaces.ts';

/** For `vi.waitFor`. */
export const SOON = { timeout: 10_000, interval: 20 };

export const net1 = (...addresses: string[]): Interface => ({
  name: 'net1',
  mac: '02:9b:07:fb:2e:71',
  addresses,
});

/** Runs the sidecar until the test ends; `ended` is how it does. */
export function runSidecar(outside: IpManagerOutside) {
  const controller = new AbortController();
  const ended = sidecar(outside, controller.signal).catch((error: unknown) => error);
  const stop = () => controller.abort(new Error('SIGTERM'));
  onTestFinished(async () => {
    stop();
    await ended;
  });
  return { ended, stop };
}

/** Runs it in a pod on a new worker. `said` is what it prints. */
export function runSidecarIn(
  bed: Bed,
  ownPod: IpManagerOutside['ownPod'],
  interfaces: FakeInterfaces,
  more: Partial<IpManagerOutside> = {},
) {
  const worker = bed.addWorker();
  const outside = outsideOf(bed, worker, [], { IP_COMMAND: interfaces.command });
  return { worker, said: outside.said, ...runSidecar({ ...outside, ownPod, ...more }) };
}

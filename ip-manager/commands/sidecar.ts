import { untilOneFails } from '../../shared/time/until-one-fails.ts';
import { watchAddresses } from '../addresses/ip-monitor.ts';
import { latestAddresses } from '../addresses/latest-addresses.ts';
import { assignDirectly } from './assign-directly.ts';
import type { IpManagerOutside } from './outside.ts';
import { publish } from './publish.ts';

/**
 * Publishes the addresses that come to the pod's interfaces and go, for as long as the pod runs.
 * While its service account may not publish, assigns them, and goes on trying to publish.
 *
 * @throws Failure if the interfaces cannot be watched or the pod is not found, and the signal's reason.
 */
export async function sidecar(outside: IpManagerOutside, signal: AbortSignal): Promise<never> {
  const { clock, environment, say } = outside;
  const seen = latestAddresses(clock);
  const [toPublish, toAssign] = [seen.listen(), seen.listen()];
  const watch = { command: environment.ipCommand, clock, say, onAddresses: seen.update };
  let mayPublish = true;
  const onPermission = (may: boolean): void => {
    mayPublish = may;
    toAssign.notify();
  };
  const unpublished = () => (mayPublish ? [] : seen.addresses());
  return untilOneFails(signal, [
    (either) => watchAddresses(watch, either),
    (either) => publish(outside, { changed: toPublish, ...seen }, onPermission, either),
    (either) => assignDirectly(outside, { changed: toAssign, addresses: unpublished }, either),
  ]);
}

import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startActBed } from '../apply/bed.ts';

test('a pod list does not age while the definitions are listed (docs/design.md, rule 3)', async () => {
  const { a, clock, kubernetes, read } = await startActBed();
  const list = kubernetes.listNetworkAttachmentDefinitions;
  kubernetes.listNetworkAttachmentDefinitions = async (signal) => {
    await setImmediate();
    clock.advance(1_100);
    return list(signal);
  };
  const { listedAt } = await read(a);
  expect(clock.now() - listedAt).toBe(0);
});

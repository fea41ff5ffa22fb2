import { expect, it } from 'vitest';
import { tellUnreadable } from '../../../functions/sweep/tell-unreadable.ts';
import type { UnreadableNetwork } from '../../../shared/claims/net-attach-def.ts';
import { startActBed } from '../shared/apply/bed.ts';

function unreadable(namespace: string, name: string, detail = 'spec.config: not text') {
  const network = { namespace, name, uid: `uid-${namespace}-${name}` };
  return { network, detail } satisfies UnreadableNetwork;
}

it('a namespace full of networks that cannot be read keeps no other from being told', async () => {
  const { access, kubernetes, telemetry } = await startActBed();
  const many = Array.from({ length: 1_000 }, (_, index) => unreadable('a', `net-${index}`));
  await tellUnreadable(access, [...many, unreadable('b', 'net'), unreadable('c', 'net')]);

  const told = kubernetes.events.map(({ regarding }) => `${regarding.kind} ${regarding.uid}`);
  expect(told).toHaveLength(100);
  expect(told).toContain('NetworkAttachmentDefinition uid-b-net');
  expect(told).toContain('NetworkAttachmentDefinition uid-c-net');
  expect(telemetry.lines).toMatchObject([{ level: 'warn', detail: { count: 1_002 } }]);
});

it('what is wrong by now is told anew, and what still is has the same name', async () => {
  const { access, kubernetes } = await startActBed();
  for (const detail of ['one', 'two', 'one']) {
    await tellUnreadable(access, [unreadable('a', 'net', detail)]);
  }
  const [first, second, third] = kubernetes.events.map(({ id }) => id);
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(second).not.toBe(first);
  expect(third).toBe(first);
});

it('an owner who cannot be told keeps no other from being told', async () => {
  const { access, kubernetes, telemetry } = await startActBed();
  const { writeEvent } = kubernetes;
  kubernetes.writeEvent = async (event) => {
    if (event.regarding.uid === 'uid-a-net') throw new Error('forbidden');
    return writeEvent(event);
  };
  await tellUnreadable(access, [unreadable('a', 'net'), unreadable('b', 'net')]);
  expect(kubernetes.events).toMatchObject([{ regarding: { uid: 'uid-b-net' } }]);
  expect(telemetry.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { text: 'an Event was not written', detail: { message: 'forbidden' } },
  ]);
});

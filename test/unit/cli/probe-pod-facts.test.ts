import { describe, expect, test } from 'vitest';
import { podFacts } from '../../../cli/probe/pod-facts.ts';

describe('of a pod', () => {
  const object = (status: object) => ({
    metadata: {
      namespace: 'default',
      name: 'p',
      uid: 'u',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {},
    status,
  });
  const waiting = (reason: string) => ({
    containerStatuses: [{ state: { waiting: { reason, message: 'why' } } }],
  });

  test.each([
    ['ErrImagePull', { hopeless: 'ErrImagePull: why' }],
    ['CreateContainerConfigError', { hopeless: 'CreateContainerConfigError: why' }],
    ['ContainerCreating', { waits: 'ContainerCreating: why' }],
  ])('the reason %s is read', (reason, expected) => {
    expect(podFacts(object(waiting(reason)), 'default/net')).toMatchObject(expected);
  });

  test('the end of its container is no running, and says with what', () => {
    const terminated = { exitCode: 2, reason: 'Error', message: "unknown command 'probe'" };
    const ended = { phase: 'Failed', containerStatuses: [{ state: { terminated } }] };
    expect(podFacts(object(ended), 'default/net')).toMatchObject({
      hopeless: "it ended with code 2: Error: unknown command 'probe'",
    });
  });

  test('what the scheduler says is read', () => {
    const message = '0/2 nodes are available';
    const conditions = [{ type: 'PodScheduled', status: 'False', message }];
    expect(podFacts(object({ conditions }), 'default/net')).toMatchObject({ waits: message });
  });
});

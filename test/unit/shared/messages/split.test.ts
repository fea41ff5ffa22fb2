import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LetGo, NodeMessage, PodEvent } from '../../../../shared/messages/schema.ts';
import { split } from '../../../../shared/messages/split.ts';

const podEvent: fc.Arbitrary<PodEvent> = fc.record({
  event: fc.constantFrom('add', 'update', 'delete'),
  namespace: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
  name: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
  uid: fc.uuid(),
  ips: fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 40 }),
});

const letGo: fc.Arbitrary<LetGo> = fc.record({
  node: fc.uuid(),
  observedAt: fc.constant('2026-01-01T00:00:00Z'),
  ips: fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 40 }),
});

/** Entries as they were before they were split, of which each has a name of its own. */
function joined<T extends { readonly ips: readonly string[] }>(
  entries: readonly T[],
  nameOf: (entry: T) => string,
): T[] {
  const whole = new Map<string, T>();
  for (const entry of entries) {
    const known = whole.get(nameOf(entry))?.ips ?? [];
    whole.set(nameOf(entry), { ...entry, ips: [...known, ...entry.ips] });
  }
  return [...whole.values()];
}

function messageOf(pods: PodEvent[]): NodeMessage {
  return {
    version: 1,
    cluster: 'demo',
    node: 'ip-172-16-0-10.ec2.internal',
    reason: 'pods',
    observedAt: '2026-01-01T00:00:00Z',
    pods,
  };
}

const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('splitting a message', () => {
  test('keeps everything that it names in order, under the limit', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(podEvent, { maxLength: 20, selector: ({ uid }) => uid }),
        fc.uniqueArray(letGo, { maxLength: 20, selector: ({ node }) => node }),
        fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 80 }),
        fc.integer({ min: 900, max: 4_000 }),
        (pods, elsewhere, contested, limit) => {
          const parts = split({ ...messageOf(pods), letGo: elsewhere, contested }, limit);
          for (const part of parts) expect(bytes(part)).toBeLessThanOrEqual(limit);
          const events = parts.flatMap((part) => part.pods);
          expect(joined(events, ({ uid }) => uid)).toEqual(pods);
          const entries = parts.flatMap((part) => part.letGo ?? []);
          expect(joined(entries, ({ node }) => node)).toEqual(elsewhere);
          expect(parts.flatMap((part) => part.contested ?? [])).toEqual(contested);
        },
      ),
    );
  });

  test('leaves a message that fits as it is', () => {
    const message = messageOf([
      { event: 'delete', namespace: 'default', name: 'sampleapp', uid: 'u1', ips: ['172.16.1.70'] },
      { event: 'add', namespace: 'default', name: 'sampleapp-dual', uid: 'u2', ips: [] },
    ]);
    expect(split(message, bytes(message))).toEqual([message]);
    expect(split(message, bytes(message) - 1)).toHaveLength(2);
    expect(split(messageOf([]), 1_000)).toEqual([messageOf([])]);
  });

  test('splits one pod event with too many addresses by its addresses', () => {
    const ips = Array.from(
      { length: 100_000 },
      (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
    );
    const message = messageOf([{ event: 'delete', namespace: 'ns', name: 'p', uid: 'u', ips }]);
    const parts = split(message, 1_048_576);
    expect(parts.length).toBe(2);
    expect(parts.every((part) => bytes(part) <= 1_048_576)).toBe(true);
    expect(parts.flatMap((part) => part.pods.flatMap((pod) => pod.ips))).toEqual(ips);
  });

  test('refuses a limit that no message can keep', () => {
    const pod: PodEvent = { event: 'add', namespace: 'ns', name: 'p', uid: 'u', ips: [] };
    expect(() => split(messageOf([pod]), 100)).toThrow(RangeError);
    expect(() => split(messageOf([pod]), bytes(messageOf([])) + 10)).toThrow(RangeError);
    const long = bytes(messageOf([{ ...pod, ips: ['172.16.1.70'] }]));
    expect(() => split(messageOf([{ ...pod, ips: ['172.16.1.70'] }]), long - 1)).toThrow(
      RangeError,
    );
  });
});

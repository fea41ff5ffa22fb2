import { expect, test } from 'vitest';
import { answering, reachable, type VpcView } from '../../../sandbox/vpc/vpc.ts';

const ADDRESS = '172.16.1.70';

/** A VPC in which pod a on n1 and pod b on n2 both use ADDRESS. */
const view = (holder: ReturnType<VpcView['holderOf']>): VpcView => ({
  holderOf: (address) => (address === ADDRESS ? holder : undefined),
  nodeOf: (instanceId) => ({ 'i-1': 'n1', 'i-2': 'n2' })[instanceId],
  podsWith: (address) =>
    address === ADDRESS
      ? [
          { namespace: 'default', name: 'a', node: 'n1' },
          { namespace: 'default', name: 'b', node: 'n2' },
        ]
      : [],
});

test('an address answers from the pod on the worker whose ENI has it', () => {
  const onSecond = view({ eniId: 'eni-2', instanceId: 'i-2' });
  expect(answering(onSecond, ADDRESS)).toMatchObject([{ name: 'b' }]);
  expect(reachable(onSecond, { address: ADDRESS })).toBe(true);
  expect(reachable(onSecond, { address: ADDRESS, node: 'n1' })).toBe(false);
});

test.each([
  ['that is on no ENI', undefined],
  ['on a detached ENI', { eniId: 'eni-1' }],
  ['on an ENI of an instance that is no node', { eniId: 'eni-1', instanceId: 'i-9' }],
])('an address %s does not answer', (_where, holder) => {
  expect(reachable(view(holder), { address: ADDRESS })).toBe(false);
});

test('an address that no pod on the worker has does not answer', () => {
  const lonely: VpcView = {
    ...view({ eniId: 'eni-1', instanceId: 'i-1' }),
    podsWith: () => [{ namespace: 'default', name: 'b', node: 'n2' }],
  };
  expect(reachable(lonely, { address: ADDRESS })).toBe(false);
});

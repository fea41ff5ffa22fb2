import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import {
  createKubernetesApi,
  type KubernetesApi,
} from '../../../../sandbox/kubernetes/kubernetes.ts';
import { nodeReadFromObject, rememberingNodeList } from '../../../../shared/cluster/node-list.ts';
import { nodeFromObject, nodeMetadataFromObject } from '../../../../shared/cluster/nodes.ts';

let api: KubernetesApi;
/** What was read since it was emptied: `whole`, `metadata`, or a Node's name. */
let reads: string[];
let list: ReturnType<typeof rememberingNodeList>;
/** Called between a list of metadata and what follows from it. */
let meanwhile: () => void;

beforeEach(() => {
  api = createKubernetesApi();
  reads = [];
  meanwhile = () => {};
  list = rememberingNodeList({
    async whole() {
      reads.push('whole');
      return api.objects.list('nodes').map(nodeReadFromObject);
    },
    async metadata() {
      reads.push('metadata');
      const nodes = api.objects.list('nodes').map(({ metadata }) => ({ metadata }));
      meanwhile();
      return nodes.map(nodeMetadataFromObject);
    },
    async one(name) {
      reads.push(name);
      return api.objects.find('nodes', { name });
    },
  });
});

function register(name: string, instanceId?: string): void {
  const labels = { 'node.kubernetes.io/instance-type': 'm5.large' };
  const spec = instanceId === undefined ? {} : { providerID: `aws:///us-east-1a/${instanceId}` };
  api.objects.create('nodes', { metadata: { name, labels }, spec });
}

function beat(name: string): void {
  const annotations = { at: String(api.store.version()) };
  api.objects.patch('nodes', { name }, { metadata: { annotations } });
}

async function instances(): Promise<Record<string, string | undefined>> {
  reads.length = 0;
  return Object.fromEntries((await list()).map(({ name, instanceId }) => [name, instanceId]));
}

test('Nodes are listed whole once, and by their metadata from then on, also when they change', async () => {
  for (let node = 0; node < 30; node += 1) register(`node-${node}`, `i-${node}`);
  const first = await list();
  expect(reads).toEqual(['whole']);
  beat('node-3');
  reads.length = 0;
  expect(await list()).toEqual(first);
  expect(first).toEqual(api.objects.list('nodes').map(nodeFromObject));
  expect(reads).toEqual(['metadata']);
});

test('a Node that comes is read by itself, and so is one that comes again as another instance', async () => {
  register('a', 'i-a');
  register('b', 'i-b');
  await instances();
  api.objects.delete('nodes', { name: 'b' });
  register('b', 'i-a');
  register('c', 'i-c');
  expect(await instances()).toEqual({ a: 'i-a', b: 'i-a', c: 'i-c' });
  expect(reads).toEqual(['metadata', 'b', 'c']);
});

test('a Node that goes while the new ones are read is no Node', async () => {
  register('a', 'i-a');
  await instances();
  register('b', 'i-b');
  meanwhile = () => api.objects.delete('nodes', { name: 'b' });
  expect(await instances()).toEqual({ a: 'i-a' });
});

test('a Node that names no instance is read again once it has changed', async () => {
  register('a', 'i-a');
  register('b');
  await instances();
  expect(await instances()).toEqual({ a: 'i-a', b: undefined });
  expect(reads).toEqual(['metadata']);
  const providerID = 'aws:///us-east-1a/i-b';
  api.objects.patch('nodes', { name: 'b' }, { spec: { providerID } });
  expect(await instances()).toEqual({ a: 'i-a', b: 'i-b' });
  expect(reads).toEqual(['metadata', 'b']);
});

test('if many Nodes come, all are listed whole', async () => {
  register('a', 'i-a');
  await instances();
  for (let node = 0; node < 21; node += 1) register(`node-${node}`, `i-${node}`);
  expect(Object.keys(await instances())).toHaveLength(22);
  expect(reads).toEqual(['metadata', 'whole']);
});

test('an instance type is the one that the Node has now', async () => {
  register('a', 'i-a');
  await instances();
  const labels = { 'node.kubernetes.io/instance-type': 'm5.4xlarge' };
  api.objects.patch('nodes', { name: 'a' }, { metadata: { labels } });
  expect(await list()).toMatchObject([{ name: 'a', instanceType: 'm5.4xlarge' }]);
});

test('whatever comes and goes, the list is what a whole one would be', async () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const change = fc.oneof(
    fc.record({ name, to: fc.constant('gone') }),
    fc.record({ name, to: fc.constantFrom(undefined, 'i-1', 'i-2', 'i-3') }),
    fc.record({ name, to: fc.constant('beat') }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change)), async (rounds) => {
      for (const node of api.objects.list('nodes')) api.objects.delete('nodes', node.metadata);
      for (const changes of rounds) {
        for (const { name: node, to } of changes) {
          const found = api.objects.find('nodes', { name: node });
          if (to === 'beat') found && beat(node);
          else {
            if (found) api.objects.delete('nodes', { name: node });
            if (to !== 'gone') register(node, to);
          }
        }
        const listed = await list();
        const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
        const whole = api.objects.list('nodes').map(nodeFromObject);
        expect(listed.toSorted(byName)).toEqual(whole.toSorted(byName));
      }
    }),
  );
});

import { expect, test } from 'vitest';
import { codeOf, connect, pod } from './kubernetes-clients.ts';

const namespace = 'default';

test('the pages of a list show one version, whatever is written meanwhile', async () => {
  const { core, kubernetes } = await connect();
  for (const name of ['a', 'b', 'c', 'd', 'e']) kubernetes.objects.create('pods', pod(name));
  const first = await core.listPodForAllNamespaces({ limit: 2 });
  expect(first.metadata?.remainingItemCount).toBe(3);
  kubernetes.objects.delete('pods', { name: 'c' });
  kubernetes.objects.create('pods', pod('bb'));
  const names = first.items.map(({ metadata }) => metadata?.name);
  let token = first.metadata?._continue;
  while (token !== undefined) {
    const page = await core.listPodForAllNamespaces({ limit: 2, _continue: token });
    expect(page.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion);
    names.push(...page.items.map(({ metadata }) => metadata?.name));
    token = page.metadata?._continue;
  }
  expect(names).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a continue token whose version is dropped is 410, one that is made up 400', async () => {
  const { core, kubernetes } = await connect();
  for (const name of ['a', 'b']) kubernetes.objects.create('pods', pod(name));
  const { metadata } = await core.listPodForAllNamespaces({ limit: 1 });
  kubernetes.objects.create('pods', pod('c'));
  kubernetes.store.compact();
  const next = core.listPodForAllNamespaces({ limit: 1, _continue: metadata?._continue });
  expect(await codeOf(next)).toBe(410);
  expect(await codeOf(core.listPodForAllNamespaces({ _continue: 'zzz' }))).toBe(400);
});

test('field selectors choose by node, name and phase', async () => {
  const { core, kubernetes } = await connect();
  kubernetes.objects.create('pods', pod('a', { nodeName: 'n1' }));
  kubernetes.objects.create('pods', pod('b', { nodeName: 'n2' }));
  kubernetes.objects.create('pods', pod('c'));
  const names = async (fieldSelector: string) =>
    (await core.listPodForAllNamespaces({ fieldSelector })).items.map((p) => p.metadata?.name);
  expect(await names('spec.nodeName=n1')).toEqual(['a']);
  expect(await names('spec.nodeName!=n1')).toEqual(['b', 'c']);
  expect(await names('spec.nodeName==n2,metadata.name=b')).toEqual(['b']);
  expect(await names('status.phase=Running')).toEqual([]);
  expect(await codeOf(names('spec.hostname=x'))).toBe(400);
});

test('Events are found by what they are about', async () => {
  const { core, kubernetes } = await connect();
  for (const name of ['a', 'b']) {
    const involvedObject = { kind: 'Pod', name, namespace, uid: `uid-${name}` };
    kubernetes.objects.create('events', { metadata: { generateName: `${name}.` }, involvedObject });
  }
  const fieldSelector = 'involvedObject.name=a,involvedObject.uid=uid-a';
  const { items } = await core.listNamespacedEvent({ namespace, fieldSelector });
  expect(items.map(({ involvedObject }) => involvedObject.name)).toEqual(['a']);
});

test.each([
  ['app=web', ['web']],
  ['app!=web', ['db', 'plain']],
  ['app in (web, db)', ['db', 'web']],
  ['app notin (web),tier', ['db']],
  ['!app', ['plain']],
])('the label selector %s', async (labelSelector, expected) => {
  const { core, kubernetes } = await connect();
  const create = (name: string, labels: Record<string, string>) =>
    kubernetes.objects.create('pods', { ...pod(name), metadata: { name, labels } });
  create('web', { app: 'web', tier: 'front' });
  create('db', { app: 'db', tier: 'back' });
  create('plain', {});
  const { items } = await core.listPodForAllNamespaces({ labelSelector });
  expect(items.map(({ metadata }) => metadata?.name)).toEqual(expected);
});

test('resourceVersion=0 may be served from the past, a list without it never is', async () => {
  const { core, kubernetes } = await connect();
  kubernetes.objects.create('pods', pod('a'));
  kubernetes.objects.create('pods', pod('b'));
  kubernetes.objects.delete('pods', { name: 'a' });
  const names = async (resourceVersion?: string) =>
    (await core.listNamespacedPod({ namespace, resourceVersion })).items.map(
      ({ metadata }) => metadata?.name,
    );
  expect(await names('0')).toEqual(['b']);
  kubernetes.faults.serveStale(3);
  expect(await names('0')).toEqual(['a']);
  expect(await names()).toEqual(['b']);
  expect(await codeOf(names('100000'))).toBe(504);
});

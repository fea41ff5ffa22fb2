import { expect, test } from 'vitest';
import { apiServer, LEASES, MERGE, NETWORKS, NODES, networkOf, PODS, podOf } from './api-server.ts';
import { AS_TABLE, type Table, tableAt, tableSchema } from './tables.ts';

const EVENTS = '/api/v1/namespaces/default/events';
const AGE = expect.stringMatching(/^\d+s$/);

/** The name of each column, those with another format, type or priority than usual with it. */
function headings({ columnDefinitions }: Table): string[] | undefined {
  return columnDefinitions?.map(({ name, type, format, priority }) =>
    [name, ...(type === 'string' ? [] : [type]), ...(format ? [format] : []), priority || []]
      .flat()
      .join(' '),
  );
}

test.for([
  [
    PODS,
    podOf('nowhere'),
    [
      'Name name',
      'Ready',
      'Status',
      'Restarts',
      'Age',
      'IP 1',
      'Node 1',
      'Nominated Node 1',
      'Readiness Gates 1',
    ],
    ['0/1', 'Pending', '0', AGE, '<none>', 'nowhere', '<none>', '<none>'],
  ],
  [
    NODES,
    { metadata: { labels: { 'node-role.kubernetes.io/edge': '' } } },
    [
      'Name name',
      'Status',
      'Roles',
      'Age',
      'Version',
      'Internal-IP 1',
      'External-IP 1',
      'OS-Image 1',
      'Kernel-Version 1',
      'Container-Runtime 1',
    ],
    ['Unknown', 'edge', AGE, '', '<none>', '<none>', '<unknown>', '<unknown>', '<unknown>'],
  ],
  [
    LEASES,
    { metadata: {}, spec: { holderIdentity: 'replica-a' } },
    ['Name name', 'Holder', 'Age'],
    ['replica-a', AGE],
  ],
  [NETWORKS, networkOf(), ['Name name', 'Age date'], [AGE]],
  ['/api/v1/namespaces/default/serviceaccounts', { metadata: {} }, ['Name name', 'Age'], [AGE]],
] as const)(
  '%s has the columns that kubectl shows',
  async ([collection, object, columns, cells]) => {
    const api = await apiServer();
    const path = await api.make(collection, object);
    const name = path.slice(collection.length + 1);
    const one = await tableAt(api, path);
    expect(headings(one)).toEqual(columns);
    expect(one.rows).toMatchObject([
      { cells: [name, ...cells], object: { kind: 'PartialObjectMetadata', metadata: { name } } },
    ]);
    expect(one.metadata.resourceVersion).toMatch(/^\d+$/);
    const all = await tableAt(api, collection);
    expect(headings(all)).toEqual(columns);
    const row = all.rows.find((each) => each.object?.metadata.name === name);
    expect(row?.cells).toEqual([name, ...cells]);
  },
);

test('Namespaces show whether they are active', async () => {
  const api = await apiServer();
  const table = await tableAt(api, '/api/v1/namespaces');
  expect(headings(table)).toEqual(['Name name', 'Status', 'Age']);
  const cells = table.rows.map((row) => row.cells).find(([name]) => name === 'kube-system');
  expect(cells).toEqual(['kube-system', 'Active', expect.any(String)]);
});

test('Events show what happened to which object, when and how often', async () => {
  const api = await apiServer();
  const now = new Date().toISOString().slice(0, 19);
  const path = await api.make(EVENTS, {
    metadata: {},
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'sampleapp' },
    type: 'Warning',
    reason: 'IPAssignmentFailed',
    message: ' 172.16.1.70: taken\n',
    source: { component: 'multus-eni-reconciler', host: 'here' },
    firstTimestamp: `${now}Z`,
    lastTimestamp: `${now}Z`,
    count: 3,
  });
  const name = path.slice(EVENTS.length + 1);
  const table = await tableAt(api, path);
  expect(headings(table)).toEqual([
    'Last Seen',
    'Type',
    'Reason',
    'Object',
    'Subobject 1',
    'Source 1',
    'Message',
    'First Seen 1',
    'Count 1',
    'Name name 1',
  ]);
  expect(table.rows[0]?.cells).toEqual([
    AGE,
    'Warning',
    'IPAssignmentFailed',
    'pod/sampleapp',
    '',
    'multus-eni-reconciler, here',
    '172.16.1.70: taken',
    AGE,
    3,
    name,
  ]);
});

test('a newer kind of Event shows its own time, and that it happened once', async () => {
  const api = await apiServer();
  const path = await api.make(EVENTS, {
    metadata: {},
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'sampleapp' },
    type: 'Normal',
    reason: 'IPsAssigned',
    action: 'Assign',
    eventTime: `${new Date().toISOString().slice(0, 19)}.000000Z`,
    reportingComponent: 'multus-eni.dev/reconciler',
    reportingInstance: 'function',
  });
  const [row] = (await tableAt(api, path)).rows;
  expect([0, 5, 7, 8].map((index) => row?.cells[index])).toEqual([
    AGE,
    'multus-eni.dev/reconciler, function',
    AGE,
    1,
  ]);
});

test('a Node shows that it is ready, cordoned, and where it is', async () => {
  const api = await apiServer();
  const path = await api.make(NODES, { metadata: {}, spec: { unschedulable: true } });
  const status = {
    conditions: [{ type: 'Ready', status: 'True' }],
    addresses: [
      { type: 'InternalIP', address: '172.20.1.4' },
      { type: 'ExternalIP', address: '203.0.113.1' },
    ],
    nodeInfo: { kubeletVersion: 'v1.36.3', kernelVersion: '6.12', architecture: 'arm64' },
  };
  await api.send('PATCH', `${path}/status`, { body: { status }, type: MERGE });
  const [row] = (await tableAt(api, path)).rows;
  expect(row?.cells[1]).toBe('Ready,SchedulingDisabled');
  expect(row?.cells.slice(4)).toEqual([
    'v1.36.3',
    '172.20.1.4',
    '203.0.113.1',
    '<unknown>',
    '6.12 (arm64)',
    '<unknown>',
  ]);
});

test('rows hold the metadata of their objects, all of them or nothing', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf('nowhere'));
  const objectOf = async (includeObject: string) =>
    (await tableAt(api, `${path}?includeObject=${includeObject}`)).rows[0]?.object;
  expect(await objectOf('Object')).toMatchObject({ kind: 'Pod', spec: { nodeName: 'nowhere' } });
  expect(await objectOf('Metadata')).not.toHaveProperty('spec');
  expect(await objectOf('None')).toBeNull();
  const refused = await api.send('GET', `${path}?includeObject=Name`, { accept: AS_TABLE });
  expect(refused.status).toBe(400);
});

test('a watch tells in rows, and names the columns once', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf('nowhere'));
  const frames = await api.watch(path, { accept: AS_TABLE });
  for (const a of ['1', '2']) {
    await api.send('PATCH', path, { body: { metadata: { labels: { a } } }, type: MERGE });
  }
  await api.send('DELETE', `${path}?gracePeriodSeconds=0`);
  const seen = () =>
    frames.map(({ type, object }) => {
      const { columnDefinitions, rows } = tableSchema.parse(object);
      return [type, columnDefinitions?.length, rows[0]?.cells[2]];
    });
  await expect.poll(seen).toEqual([
    ['MODIFIED', 9, 'Pending'],
    ['MODIFIED', undefined, 'Pending'],
    ['MODIFIED', undefined, 'Terminating'],
    ['DELETED', undefined, 'Terminating'],
  ]);
});

test('pages of a list as a Table go on as those of the list itself do', async () => {
  const api = await apiServer();
  const labels = { paged: crypto.randomUUID() };
  for (let count = 0; count < 3; count += 1) await api.make(PODS, podOf('nowhere', { labels }));
  const path = `${PODS}?labelSelector=paged=${labels.paged}&limit=2`;
  const first = await tableAt(api, path);
  expect(first.rows).toHaveLength(2);
  const next = await tableAt(api, `${path}&continue=${String(first.metadata.continue)}`);
  expect(next.rows).toHaveLength(1);
});

test('what is not there is told as ever', async () => {
  const api = await apiServer();
  const { status, body } = await api.send('GET', `${PODS}/absent`, { accept: AS_TABLE });
  expect([status, body.kind]).toEqual([404, 'Status']);
});

test('a page says how many are left, but not of a selection', async () => {
  const api = await apiServer();
  const labels = { counted: crypto.randomUUID() };
  for (let count = 0; count < 3; count += 1)
    await api.make(LEASES, { metadata: { labels }, spec: {} });
  const all = await tableAt(api, `${LEASES}?limit=2`);
  expect(all.metadata.remainingItemCount).toBeGreaterThan(0);
  const selected = await tableAt(api, `${LEASES}?limit=2&labelSelector=counted=${labels.counted}`);
  expect(selected.metadata.remainingItemCount).toBeUndefined();
});

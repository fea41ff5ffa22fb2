import { expect, test } from 'vitest';
import * as z from 'zod';
import { apiServer, MERGE, PODS } from './api-server.ts';
import { tableAt } from './tables.ts';

const running = { name: 'app', ready: true, restartCount: 0, state: { running: {} } };
const ended = (terminated: object) => ({
  ...running,
  ready: false,
  state: { terminated: { ...terminated } },
});
const initBase = { ...running, name: 'init', ready: false };
const statuses: readonly (readonly [shows: string, status: object, deleted?: boolean])[] = [
  ['1/1 Running 0', { phase: 'Running', containerStatuses: [running] }],
  ['0/1 NodeLost 0', { phase: 'Running', reason: 'NodeLost' }],
  [
    '0/1 ContainerCreating 0',
    {
      phase: 'Pending',
      containerStatuses: [
        { ...running, ready: false, state: { waiting: { reason: 'ContainerCreating' } } },
      ],
    },
  ],
  [
    '0/1 Completed 0',
    { phase: 'Succeeded', containerStatuses: [ended({ exitCode: 0, reason: 'Completed' })] },
  ],
  ['0/1 ExitCode:3 0', { phase: 'Failed', containerStatuses: [ended({ exitCode: 3 })] }],
  ['0/1 Signal:9 0', { phase: 'Failed', containerStatuses: [ended({ exitCode: 1, signal: 9 })] }],
  [
    '1/1 Running 2 (',
    {
      phase: 'Running',
      containerStatuses: [
        {
          ...running,
          restartCount: 2,
          lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:00:00Z' } },
        },
      ],
    },
  ],
  [
    '0/1 Init:0/1 0',
    { phase: 'Pending', initContainerStatuses: [{ ...initBase, state: { running: {} } }] },
  ],
  [
    '0/1 Init:CrashLoopBackOff 4',
    {
      phase: 'Pending',
      initContainerStatuses: [
        { ...initBase, restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff' } } },
      ],
    },
  ],
  [
    '0/1 Init:ExitCode:1 0',
    {
      phase: 'Pending',
      initContainerStatuses: [{ ...initBase, state: { terminated: { exitCode: 1 } } }],
    },
  ],
  ['1/1 Terminating 0', { phase: 'Running', containerStatuses: [running] }, true],
];

test.for(statuses)('a pod shows %s', async ([shows, status, deleted]) => {
  const api = await apiServer();
  const init = { name: 'init', image: 'init' };
  const containers = [{ name: 'app', image: 'app' }];
  const path = await api.make(PODS, {
    metadata: {},
    spec: { nodeName: 'nowhere', initContainers: [init], containers },
  });
  const complete = (each: object) => ({ image: '', imageID: '', ...each });
  const { containerStatuses = [], initContainerStatuses = [] } = z
    .looseObject({
      containerStatuses: z.array(z.looseObject({})).optional(),
      initContainerStatuses: z.array(z.looseObject({})).optional(),
    })
    .parse(status);
  const body = {
    status: {
      ...status,
      containerStatuses: containerStatuses.map(complete),
      initContainerStatuses: initContainerStatuses.map(complete),
    },
  };
  expect((await api.send('PATCH', `${path}/status`, { body, type: MERGE })).status).toBe(200);
  if (deleted) await api.send('DELETE', path);
  const [row] = (await tableAt(api, path)).rows;
  expect(row?.cells.slice(1, 4).join(' ')).toMatch(new RegExp(`^${RegExp.escape(shows)}`));
});

test('a pod shows its first address, its readiness gates, and that it has ended', async () => {
  const api = await apiServer();
  const gates = [{ conditionType: 'a.dev/x' }, { conditionType: 'b.dev/y' }];
  const path = await api.make(PODS, {
    metadata: {},
    spec: { containers: [{ name: 'app', image: 'app' }], readinessGates: gates },
  });
  const status = {
    phase: 'Succeeded',
    podIP: '10.1.2.3',
    podIPs: [{ ip: '10.1.2.3' }],
    conditions: [{ type: 'a.dev/x', status: 'True' }],
  };
  await api.send('PATCH', `${path}/status`, { body: { status }, type: MERGE });
  const [row] = (await tableAt(api, path)).rows;
  expect(row?.cells.slice(5)).toEqual(['10.1.2.3', '<none>', '<none>', '1/2']);
  expect(row?.conditions).toMatchObject([{ type: 'Completed', reason: 'Succeeded' }]);
});

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { ownPod } from '../../../ip-manager/addresses/own-pod.ts';
import type { IpManagerOutside } from '../../../ip-manager/commands/outside.ts';
import { wait } from '../../../ip-manager/commands/wait.ts';
import { readEnvironment } from '../../../ip-manager/environment.ts';
import { EXIT } from '../../../ip-manager/exit-code.ts';
import { IGNORE, NETWORK_STATUS, NETWORKS } from '../../../shared/cluster/annotations.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { POD, type PodsApiServer, startApiServer } from './api-server.ts';
import { endingAtPause } from './bed.ts';
import { SOON } from './running-sidecar.ts';

function outsideOf(
  pod: IpManagerOutside['ownPod'],
): IpManagerOutside & { readonly said: string[] } {
  const said: string[] = [];
  const notAsked = (): never => {
    throw new Error('waiting needs nothing of AWS');
  };
  return {
    said,
    environment: readEnvironment({}),
    networkInterfaces: notAsked,
    readInstance: notAsked,
    ec2Clients: notAsked,
    ownPod: pod,
    ownNode: notAsked,
    clock: systemClock,
    random: () => 0,
    say: (line) => void said.push(line),
  };
}

function start(
  { ownPod: pod }: Pick<PodsApiServer, 'ownPod'>,
  prepare = (it: IpManagerOutside) => it,
) {
  const outside = outsideOf(pod);
  const limit = { timeoutMs: 60_000, signal: new AbortController().signal };
  const running = wait(prepare(outside), limit);
  // Each test looks at how it ends; until then it may have failed already.
  running.catch(() => {});
  return { running, said: outside.said };
}

test('it ends when the condition says that all is assigned', async () => {
  const server = await startApiServer();
  const { running, said } = start(server);
  await vi.waitFor(() => expect(said).toEqual([expect.stringContaining('is not set')]), SOON);
  server.setCondition('False', 'assigned: none; 172.16.1.70: conflict: held by pod default/other');
  await vi.waitFor(() => expect(said.at(-1)).toContain('held by pod default/other'), SOON);
  server.setCondition('True', 'assigned: 172.16.1.70 on eni-1');
  await running;
  expect(said.at(-1)).toBe('assigned: 172.16.1.70 on eni-1');
});

test('a condition from before the pod’s sandbox was made anew does not count', async () => {
  const server = await startApiServer(['172.16.1.71']);
  server.setCondition('True', 'assigned: 172.16.1.70 on eni-1');
  const { running, said } = start(server);
  await vi.waitFor(
    () => expect(said.at(-1)).toContain('172.16.1.70, which the pod no longer has'),
    SOON,
  );
  server.setCondition('True', 'assigned: 172.16.1.71 on eni-1');
  await running;
});

test('the condition counts also if an attachment is of another network', async () => {
  const server = await startApiServer(['172.16.1.70', '192.168.7.7']);
  server.setCondition('True', 'assigned: 172.16.1.70 on eni-1');
  await start(server).running;
});

test('a pod that claims nothing does not wait', async () => {
  await start(await startApiServer([])).running;
  const ignored = await startApiServer();
  ignored.annotate({ [IGNORE]: 'true' });
  await start(ignored).running;
});

test('a pod that Multus did not attach is not told that there is nothing to wait for', async () => {
  const server = await startApiServer([]);
  server.annotate({ [NETWORKS]: 'ipvlan-conf-1' });
  const status = { podIP: '10.0.0.1' };
  server.api.objects.patch('pods', POD, { status }, { subresource: 'status' });
  await expect(start(server, (outside) => endingAtPause(outside, 2)).running).rejects.toMatchObject(
    {
      exitCode: EXIT.timeIsUp,
      message: expect.stringContaining('not attached to default/ipvlan-conf-1'),
    },
  );
});

test('a pod whose annotation cannot be read waits for what the reconciler says of it', async () => {
  const server = await startApiServer();
  server.annotate({ [NETWORK_STATUS]: 'not JSON' });
  server.setCondition('False', 'assigned: none; unreadable-annotation: not JSON');
  await expect(start(server, (outside) => endingAtPause(outside, 2)).running).rejects.toMatchObject(
    {
      exitCode: EXIT.timeIsUp,
      message: expect.stringContaining('unreadable-annotation: not JSON'),
    },
  );
});

test('when the time is up it says what the condition was', async () => {
  const server = await startApiServer();
  server.setCondition('False', 'assigned: none; 172.16.1.70: eni-full: no room');
  await expect(start(server, (outside) => endingAtPause(outside, 2)).running).rejects.toMatchObject(
    {
      exitCode: EXIT.timeIsUp,
      message: expect.stringContaining('eni-full: no room'),
    },
  );
});

test.each([401, 403, 500])('it goes on after an API server that once answers %i', async (code) => {
  const server = await startApiServer();
  server.setCondition('True', 'assigned: 172.16.1.70 on eni-1');
  server.api.faults.failNext(1, undefined, code);
  const { running, said } = start(server);
  await running;
  expect(said[0]).toMatch(/^waiting: pod default\/sampleapp: /);
});

test('it says what to bind if its service account may not read the pod', async () => {
  await expect(start(await startApiServer([], [])).running).rejects.toMatchObject({
    exitCode: EXIT.noPermission,
    message: expect.stringContaining('deploy/ip-manager-rbac'),
  });
});

test('it says what to set if the pod has no token', async () => {
  const server = await startApiServer();
  await rm(join(server.env.SERVICE_ACCOUNT_DIRECTORY ?? '', 'token'));
  await expect(start(server).running).rejects.toMatchObject({
    exitCode: EXIT.noPermission,
    message: expect.stringContaining('automountServiceAccountToken: true'),
  });
});

test('it says what to set if the pod is not called as its host', async () => {
  const server = await startApiServer();
  const pod = () => ownPod(readEnvironment(server.env), { hostname: 'other', clock: systemClock });
  await expect(start({ ownPod: pod }).running).rejects.toMatchObject({
    exitCode: EXIT.badInput,
    message: expect.stringContaining('POD_NAME'),
  });
  const named = readEnvironment({ ...server.env, POD_NAME: 'sampleapp' });
  server.setCondition('True', 'assigned: 172.16.1.70 on eni-1');
  await start({ ownPod: () => ownPod(named, { hostname: 'other', clock: systemClock }) }).running;
});

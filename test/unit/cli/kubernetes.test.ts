import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { apiOfKubeconfig } from '../../../cli/access/kubernetes.ts';
import { virtualClock } from '../../../sandbox/clock.ts';
import { kubeconfigText } from '../../../sandbox/kubernetes/kubeconfig.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { listOf, startScriptedApiServer } from '../shared/cluster/api-server.ts';

test('what the command line reads by a kubeconfig goes over one connection', async () => {
  const server = await startScriptedApiServer();
  onTestFinished(() => server.stop());
  server.answer(() => listOf([]));
  const path = join(await temporaryFolder(), 'config');
  await writeFile(path, kubeconfigText({ url: server.server, caData: server.caData }));
  const { api } = await apiOfKubeconfig(path, undefined, virtualClock());

  for (let read = 0; read < 5; read += 1) await api.read('/api/v1/nodes');
  expect(server.connections()).toBe(1);
});

/** Lists a cluster's definitions and pods, and says how many there are. */
import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';
import { tokenTransport } from '../../../../shared/cluster/authenticated-transport.ts';
import { connectKubernetes } from '../../../../shared/cluster/client.ts';
import { systemClock } from '../../../../shared/time/clock.ts';

const endpoint = z.object({ server: z.string(), caData: z.string() }).parse(workerData);
const transport = tokenTransport({ ...endpoint, token: async () => 'token' });
const kubernetes = connectKubernetes({ transport, clock: systemClock, requestTimeoutMs: 60_000 });
const networks = await kubernetes.listNetworkAttachmentDefinitions();
const pods = await kubernetes.listPods({});
parentPort?.postMessage({ networks: networks.length, pods: pods.length });

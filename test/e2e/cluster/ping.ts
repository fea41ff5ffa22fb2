import { text } from 'node:stream/consumers';
import { program } from '../parts/programs.ts';
import type { RealNode } from './node.ts';

export interface PingResult {
  readonly sent: number;
  readonly received: number;
}

/** A ping that goes on until it is stopped. */
export interface Pinging {
  /** Ends it. @returns the count of requests and of answers. */
  stop(): Promise<PingResult>;
}

export interface PingOptions {
  readonly count?: number;
  /** Seconds between requests. */
  readonly interval?: number;
}

/** Pings from the network namespace of a pod on `node`, and waits a second for each answer. */
export async function ping(
  node: RealNode,
  podUid: string,
  address: string,
  { count = 3, interval = 0.05 }: PingOptions = {},
): Promise<PingResult> {
  const flags = ['-n', '-q', '-c', String(count), '-i', String(interval), '-W', '1'];
  const command = [...(await inPod(node, podUid)), 'ping', ...flags, address];
  // It ends with 1 where nothing was answered.
  const said = await node.run(['sh', '-c', '"$@" || test $? = 1', 'sh', ...command]);
  return parseSummary(said);
}

/** Begins to ping from the network namespace of a pod on `node`; `interval` in seconds. */
export async function startPinging(
  node: RealNode,
  podUid: string,
  address: string,
  interval = 0.01,
): Promise<Pinging> {
  const command = ['ping', '-n', '-q', '-i', String(interval), address];
  const pinging = node.follow([...(await inPod(node, podUid)), ...command]);
  const said = text(pinging.output);
  return {
    async stop() {
      // At an interrupt it prints its summary.
      pinging.interrupt();
      return parseSummary(await said);
    },
  };
}

/** The beginning of a command in a pod's network namespace, on its node. */
async function inPod(node: RealNode, podUid: string): Promise<string[]> {
  const pid = await sandboxOf(node, podUid);
  if (pid === undefined) throw new Error(`${node.name} runs no sandbox of pod ${podUid}`);
  return ['nsenter', '-t', pid, '-n', '--'];
}

/** @returns the process that holds the pod's namespaces; `undefined` where none does. */
export async function sandboxOf(node: RealNode, podUid: string): Promise<string | undefined> {
  const ctr = [program('ctr'), '-n', 'k8s.io'];
  const filter = `labels."io.kubernetes.pod.uid"==${podUid},labels."io.cri-containerd.kind"==sandbox`;
  const sandboxes = (await node.run([...ctr, 'containers', 'ls', '-q', filter])).trim().split('\n');
  const tasks = (await node.run([...ctr, 'tasks', 'ls']))
    .split('\n')
    .map((row) => row.split(/\s+/));
  return tasks.find(([id, , state]) => sandboxes.includes(id ?? '') && state === 'RUNNING')?.[1];
}

function parseSummary(said: string): PingResult {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(said) ?? [];
  if (sent === undefined) throw new Error(`ping gave no summary: ${said}`);
  return { sent: Number(sent), received: Number(received) };
}

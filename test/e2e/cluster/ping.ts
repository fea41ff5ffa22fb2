import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
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
  const command = [...inPod(node, podUid), 'ping', ...flags, address];
  // It ends with 1 if nothing was answered.
  const said = await node.run(['sh', '-c', '"$@" || test $? = 1', 'sh', ...command]);
  return parseSummary(said);
}

/** Begins to ping from the network namespace of a pod on `node`; `interval` in seconds. */
export function startPinging(
  node: RealNode,
  podUid: string,
  address: string,
  interval = 0.01,
): Pinging {
  const command = ['ping', '-n', '-q', '-i', String(interval), address];
  const pinging = node.follow([...inPod(node, podUid), ...command]);
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
export function inPod(node: RealNode, podUid: string): string[] {
  const pid = sandboxOf(node, podUid);
  if (pid === undefined) throw new Error(`${node.name} runs no sandbox of pod ${podUid}`);
  return ['nsenter', '-t', pid, '-n', '--'];
}

/** What containerd keeps of the containers that run, each in a folder of its own. */
const TASKS = 'run/containerd/io.containerd.runtime.v2.task/k8s.io';
/** Written by containerd's CRI plugin (pkg/cri/annotations). */
const bundle = z.object({
  annotations: z.object({
    'io.kubernetes.cri.container-type': z.string(),
    'io.kubernetes.cri.sandbox-uid': z.string(),
  }),
});

/**
 * @returns the process that holds the pod's namespaces, as its node numbers it; `undefined` if none
 * does. Read from files: asking containerd is two processes more for each ping.
 */
export function sandboxOf({ root }: RealNode, podUid: string): string | undefined {
  const tasks = join(root, TASKS);
  for (const id of existsSync(tasks) ? readdirSync(tasks) : []) {
    const pid = read(join(tasks, id, 'init.pid'));
    const config = read(join(tasks, id, 'config.json'));
    if (pid === undefined || config === undefined) continue;
    const { annotations } = bundle.parse(JSON.parse(config));
    const isSandbox = annotations['io.kubernetes.cri.container-type'] === 'sandbox';
    const isOfPod = annotations['io.kubernetes.cri.sandbox-uid'] === podUid;
    if (isSandbox && isOfPod && existsSync(join(root, 'proc', pid))) return pid;
  }
  return undefined;
}

/** The text of a file; `undefined` if it has just gone, or is not there yet. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function parseSummary(said: string): PingResult {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(said) ?? [];
  if (sent === undefined) throw new Error(`ping gave no summary: ${said}`);
  return { sent: Number(sent), received: Number(received) };
}

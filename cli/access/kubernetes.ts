import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { EKSClient } from '@aws-sdk/client-eks';
import * as z from 'zod';
import {
  kubeConfigTransport,
  tokenTransport,
} from '../../shared/cluster/authenticated-transport.ts';
import { kubernetesCalls } from '../../shared/cluster/calls.ts';
import { connectKubernetes } from '../../shared/cluster/client.ts';
import { describeCluster } from '../../shared/cluster/eks.ts';
import type { Kubernetes } from '../../shared/cluster/kubernetes.ts';
import { PATHS, withQuery } from '../../shared/cluster/paths.ts';
import { tokenSource } from '../../shared/cluster/token.ts';
import {
  ApiError,
  type ApiRequest,
  type ApiTransport,
  readText,
} from '../../shared/cluster/transport.ts';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import { withDeadline } from '../../shared/time/deadline.ts';
import { BadInput } from '../failure.ts';

/** A request to the API server is given up after this, ms. */
export const REQUEST_TIMEOUT_MS = 15_000;
const LONGEST_OBJECT_BYTES = 64 * 1024 * 1024;
const WATCH_SECONDS = 300;
/** Where an API server asks to slow down, as it does of kinds that it begins to serve: ms, and how often. */
const SLOW_MS = 1_000;
const SLOW_TRIES = 5;

const listed = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

const reviewed = z.object({ status: z.object({ allowed: z.boolean() }) });

/** What somebody wants to do: of a SubjectAccessReview. */
export interface ResourceAttributes {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
}

/** One cluster's API server, read with the operator's own credentials. */
export interface Api {
  readonly kubernetes: Kubernetes;
  /** Reads any object by its path. */
  read(path: string): Promise<unknown>;
  /** Whether a group may do something in the cluster. Nothing is written for it. */
  mayGroup(group: string, attributes: ResourceAttributes): Promise<boolean>;
  /** Is told of every pod that a list gives, as it came. */
  onPod(listener: (object: unknown) => void): void;
  /**
   * Tells of each change of a kind of objects, from now on. Ends when the API server ends it, as it does
   * after some minutes.
   *
   * @throws what the API server and Node's sockets throw, and the signal's abort.
   */
  watch(path: string, told: () => void, signal: AbortSignal): Promise<void>;
  /** For what a command is there to write: sends that and what reads, and refuses all else. */
  writing(allowed: (request: ApiRequest) => boolean): ApiTransport;
  /** How many requests were sent. */
  calls(): number;
}

/** The file that kubectl would use: one that is named, else `KUBECONFIG`, else the one at home. */
export function kubeconfigPath(
  named: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (named !== undefined) return named;
  // Of several files kubectl merges them; the first one is taken here.
  const [first] = (environment.KUBECONFIG ?? '').split(':').filter(Boolean);
  if (first !== undefined) return first;
  const atHome = join(environment.HOME ?? homedir(), '.kube', 'config');
  return existsSync(atHome) ? atHome : undefined;
}

/**
 * By a kubeconfig's current context, or the one that is named.
 *
 * @returns also the name of its cluster: of an ARN, as `aws eks update-kubeconfig` writes it, the last part.
 * @throws BadInput if the file cannot be read, or names no such context.
 */
export async function apiOfKubeconfig(
  path: string,
  context: string | undefined,
  clock: Clock,
): Promise<{ readonly name: string; readonly api: Api }> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new BadInput(`kubeconfig ${path}: ${said}`, { cause: error });
  }
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const names = config.getContexts().map(({ name }) => name);
    const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    throw new BadInput(
      `kubeconfig ${path}: no context ${context ?? config.getCurrentContext()}: ${known}. Give --context`,
    );
  }
  const transport = kubeConfigTransport(config);
  return { name: cluster.name.split('/').at(-1) ?? cluster.name, api: apiOver(transport, clock) };
}

/**
 * By what EKS says of a cluster.
 *
 * @throws what `describeCluster` throws.
 */
export async function apiOfEks(eks: EKSClient, cluster: string, clock: Clock): Promise<Api> {
  const region = await eks.config.region();
  const { server, caData } = await withDeadline(clock, REQUEST_TIMEOUT_MS, undefined, (signal) =>
    describeCluster(eks, cluster, region, signal),
  );
  const credentials = () => eks.config.credentials();
  const { token } = tokenSource({ cluster, region, credentials, clock });
  return apiOver(tokenTransport({ server, caData, token }), clock);
}

/** It did nothing of the request (RFC 6585, section 4); client-go tries again too. */
function asksToSlowDown(error: unknown): boolean {
  return error instanceof ApiError && error.code === 429;
}

function apiOver(transport: ApiTransport, clock: Clock): Api {
  let sent = 0;
  let listener: ((object: unknown) => void) | undefined;
  const writing: Api['writing'] = (allowed) => async (request) => {
    const { method = 'GET', path } = request;
    if (method !== 'GET' && !allowed(request)) {
      throw new Error(`this program sends no ${method} ${path}`);
    }
    for (let tried = 1; ; tried += 1) {
      try {
        sent += 1;
        return await transport(request);
      } catch (error) {
        if (!asksToSlowDown(error) || tried === SLOW_TRIES) throw error;
        await sleep(clock, SLOW_MS, request.signal);
      }
    }
  };
  // A review has no effect: it is a question.
  const looking = writing(({ path }) => path === PATHS.accessReviews);
  const calls = kubernetesCalls(looking);
  const listPods: typeof calls.listPods = (query, each, signal) =>
    calls.listPods(
      query,
      (item, length) => {
        listener?.(item);
        return each(item, length);
      },
      signal,
    );
  const read = (path: string, ending?: AbortSignal): Promise<unknown> =>
    withDeadline(clock, REQUEST_TIMEOUT_MS, ending, async (signal) => {
      const text = await readText(await looking({ path, signal }), LONGEST_OBJECT_BYTES);
      return JSON.parse(text);
    });
  const options = { transport: looking, clock, requestTimeoutMs: REQUEST_TIMEOUT_MS };
  const mayGroup: Api['mayGroup'] = (group, resourceAttributes) =>
    withDeadline(clock, REQUEST_TIMEOUT_MS, undefined, async (signal) => {
      // Access is bound to the group; the API server asks for a user too.
      const spec = { user: group, groups: [group, 'system:authenticated'], resourceAttributes };
      const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
      const request = { method: 'POST', path: PATHS.accessReviews, body, signal } as const;
      const text = await readText(await looking(request), LONGEST_OBJECT_BYTES);
      return reviewed.parse(JSON.parse(text)).status.allowed;
    });
  return {
    kubernetes: connectKubernetes(options, { ...calls, listPods }),
    read,
    mayGroup,
    writing,
    async watch(path, told, signal) {
      const one = await read(withQuery(path, { limit: 1 }), signal);
      const { resourceVersion } = listed.parse(one).metadata;
      const query = { watch: 1, resourceVersion, timeoutSeconds: WATCH_SECONDS };
      const answer = await looking({ path: withQuery(path, query), signal });
      // What has changed is read anew; that something has is enough. Nobody saw what changed until now.
      told();
      for await (const _ of answer) told();
    },
    onPod(told) {
      listener = told;
    },
    calls: () => sent,
  };
}

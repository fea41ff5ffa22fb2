import * as z from 'zod';
import { refusalOf } from '../../shared/cluster/errors.ts';
import { FIELD_MANAGER } from '../../shared/cluster/events.ts';
import { PATHS, withQuery } from '../../shared/cluster/paths.ts';
import { type ApiRequest, readLines, readText } from '../../shared/cluster/transport.ts';
import { ORDER_ANNOTATION, PROBE_LABEL, PROBE_NAME, type ProbeOrder } from '../../shared/probe.ts';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import { withDeadline } from '../../shared/time/deadline.ts';
import type { Api } from '../access/kubernetes.ts';
import { CONTAINER } from './pod.ts';

const REQUEST_MS = 15_000;
/**
 * Longer than the API server takes to find out that it does not reach a kubelet, as it says why: 30 s
 * for a new connection (Go's `http.DefaultTransport`), 30 and 15 s for one that is there (HTTP/2 health
 * check of k8s.io/apimachinery, `pkg/util/net/http.go`).
 */
const LOG_ANSWER_MS = 60_000;
const LONGEST_LINE = 1024 * 1024;
const LONGEST_ANSWER = 16 * 1024 * 1024;
const GONE_LOOK_MS = 200;
const MERGE_PATCH = 'application/merge-patch+json';

/** The probe's pods in one namespace. What is made and deleted bears the probe's label. */
export interface ProbePods {
  /** Asks for each right that a run needs, without effect. @returns what is refused, and why. */
  refused(manifest: object): Promise<string[]>;
  /** A pod of that name that is there already is the one of a request that was sent twice. */
  create(manifest: object): Promise<void>;
  order(name: string, order: ProbeOrder): Promise<void>;
  /** Tells of the pods of a run as they are and as they change, until the signal ends it. */
  follow(
    run: string,
    told: (object: unknown, gone: boolean) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** The lines of a pod's log as they come, until it ends. */
  log(name: string, told: (line: string) => void, signal: AbortSignal): Promise<void>;
  /**
   * What Events of others warn of a pod, the newest last; none if they may not be read. The reconciler
   * says the same of its addresses by the condition, and starts no pod.
   */
  warnings(uid: string): Promise<string[]>;
  /**
   * Removes all that the label finds, whoever's run it is, and waits until it is gone.
   *
   * @returns how many there were, and the names of those that are still there after `waitMs`.
   */
  removeAll(
    waitMs: number,
  ): Promise<{ readonly removed: number; readonly left: readonly string[] }>;
}

const listed = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string(), uid: z.string() }) })),
});
const changed = z.object({ type: z.string(), object: z.unknown() });
const eventList = z.object({
  items: z.array(
    z.object({
      type: z.string().nullish(),
      reason: z.string().nullish(),
      message: z.string().nullish(),
      reportingComponent: z.string().nullish(),
      lastTimestamp: z.string().nullish(),
    }),
  ),
});

/** Every call throws what the API server and Node's sockets throw. */
export function probePods(api: Api, namespace: string, clock: Clock): ProbePods {
  const all = PATHS.podsOf(namespace);
  const isOurs = ({ path }: ApiRequest): boolean =>
    path === all || path.startsWith(`${all}?`) || path.startsWith(`${all}/${PROBE_NAME}-`);
  const transport = api.writing(isOurs);
  const send: Send = (request) =>
    withDeadline(clock, REQUEST_MS, undefined, async (signal) =>
      readText(await transport({ ...request, signal }), LONGEST_ANSWER),
    );
  const list = async () => listed.parse(JSON.parse(await send({ path: withQuery(all, LABELLED) })));
  const patch = (name: string, order: ProbeOrder) => {
    const body = { metadata: { annotations: { [ORDER_ANNOTATION]: JSON.stringify(order) } } };
    const path = PATHS.pod(namespace, name);
    return send({ method: 'PATCH', path, body, contentType: MERGE_PATCH });
  };
  const remove = (name: string, uid: string) => {
    const body = { gracePeriodSeconds: 1, preconditions: { uid } };
    return send({ method: 'DELETE', path: PATHS.pod(namespace, name), body });
  };

  return {
    refused: (manifest) => refusedOf({ send, namespace, manifest, remove, patch }),
    async create(manifest) {
      await send({ method: 'POST', path: all, body: manifest }).catch(unless(409));
    },
    async order(name, order) {
      await patch(name, order).catch(unless(404));
    },
    async follow(run, told, signal) {
      const labelSelector = `${PROBE_LABEL}=${run}`;
      const { items, metadata } = listed.parse(
        JSON.parse(await send({ path: withQuery(all, { labelSelector }) })),
      );
      for (const item of items) told(item, false);
      const { resourceVersion } = metadata;
      const query = { labelSelector, watch: 1, resourceVersion, timeoutSeconds: 300 };
      const answer = await transport({ path: withQuery(all, query), signal });
      for await (const line of readLines(answer, LONGEST_LINE)) {
        const { type, object } = changed.parse(JSON.parse(line));
        if (type === 'ERROR') return;
        told(object, type === 'DELETED');
      }
    },
    async log(name, told, signal) {
      const query = { container: CONTAINER, follow: 'true' };
      const path = withQuery(PATHS.podLog(namespace, name), query);
      const accept = 'application/json, */*';
      const answerTimeoutMs = LOG_ANSWER_MS;
      const answer = await transport({ path, accept, signal, answerTimeoutMs });
      for await (const line of readLines(answer, LONGEST_LINE)) told(line);
    },
    warnings: (uid) => warningsOf(send, namespace, uid),
    async removeAll(waitMs) {
      const until = clock.now() + waitMs;
      let removed = 0;
      for (let asked = new Set<string>(); ; await sleep(clock, GONE_LOOK_MS)) {
        const { items } = await list();
        for (const { name, uid } of items.map(({ metadata }) => metadata)) {
          if (asked.has(uid)) continue;
          // Gone, or another one of that name by now, which the next look finds.
          await remove(name, uid).catch(unless(404, 409));
          asked = asked.add(uid);
          removed += 1;
        }
        if (items.length === 0 || clock.now() >= until) {
          return { removed, left: items.map(({ metadata }) => metadata.name) };
        }
      }
    },
  };
}

type Send = (request: Omit<ApiRequest, 'signal'>) => Promise<string>;

/** A container's second Event names the error alone, such as ErrImagePull: the one before says which image, and why. */
const SAYS_NOTHING = /^Error: \w+$/;

async function warningsOf(send: Send, namespace: string, uid: string): Promise<string[]> {
  const fieldSelector = `involvedObject.uid=${uid}`;
  const path = withQuery(PATHS.events(namespace), { fieldSelector });
  const text = await send({ path }).catch(unless(403));
  if (text === undefined) return [];
  return eventList
    .parse(JSON.parse(text))
    .items.filter(({ type, reportingComponent }) => {
      return type === 'Warning' && reportingComponent !== FIELD_MANAGER;
    })
    .filter(({ message }) => !SAYS_NOTHING.test(message ?? ''))
    .toSorted((a, b) => ((a.lastTimestamp ?? '') < (b.lastTimestamp ?? '') ? -1 : 1))
    .map(({ reason, message }) => [reason, message].filter(Boolean).join(': '));
}

const LABELLED = { labelSelector: PROBE_LABEL };

function unless(...codes: number[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(refusalOf(error)?.code ?? 0)) throw error;
  };
}

/**
 * Sends what a run sends, about a pod that there is not: whoever may is told that there is none. The
 * pod itself is made in a dry run, so that what admission thinks of it is known too.
 */
async function refusedOf(asking: {
  readonly send: Send;
  readonly namespace: string;
  readonly manifest: object;
  readonly remove: (name: string, uid: string) => Promise<unknown>;
  readonly patch: (name: string, order: ProbeOrder) => Promise<unknown>;
}): Promise<string[]> {
  const { send, namespace, manifest, remove, patch } = asking;
  const nobody = `${PROBE_NAME}-nobody`;
  const order = { run: 'none', interface: 'net1', address: '::' };
  const dry = withQuery(PATHS.podsOf(namespace), { dryRun: 'All' });
  const asked: readonly (() => Promise<unknown>)[] = [
    () => send({ method: 'POST', path: dry, body: manifest }),
    () => remove(nobody, ''),
    () => patch(nobody, order),
    () => send({ path: withQuery(PATHS.podLog(namespace, nobody), { container: CONTAINER }) }),
  ];
  const refused: string[] = [];
  for (const ask of asked) {
    const said = await ask().then(
      () => undefined,
      (error: unknown) => {
        const refusal = refusalOf(error);
        if (refusal === undefined) throw error;
        // A name that is taken, and a pod that there is not, were looked at: so they may be asked for.
        if (refusal.code === 404 || refusal.code === 409) return undefined;
        return refusal.status.message ?? String(error);
      },
    );
    if (said !== undefined) refused.push(said);
  }
  return refused;
}

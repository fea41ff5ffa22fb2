import * as z from 'zod';
import { type Attachment, parseNetworkStatus } from '../../shared/claims/network-status.ts';
import type { PodCondition } from '../../shared/cluster/kubernetes.ts';
import { podFromObject } from '../../shared/cluster/pods.ts';

/** What is kept of one of the probe's pods. */
export interface PodFacts {
  readonly name: string;
  readonly uid: string;
  /** Somebody deletes it, or it is gone. */
  readonly deleted: boolean;
  /** Its container runs, or has ended: there is a log. */
  readonly hasLog: boolean;
  /** Why it does not run, where it will not by itself. */
  readonly hopeless?: string;
  /** Why it does not run yet. */
  readonly waits?: string;
  /** Of the network; absent if Multus has told of none. */
  readonly attachment?: Attachment;
  /** Multus has told of its interfaces. */
  readonly told: boolean;
  readonly condition?: PodCondition;
}

const state = z
  .object({
    running: z.object({}).nullish(),
    waiting: z.object({ reason: z.string().nullish(), message: z.string().nullish() }).nullish(),
    terminated: z
      .object({
        reason: z.string().nullish(),
        exitCode: z.number().nullish(),
        message: z.string().nullish(),
      })
      .nullish(),
  })
  .nullish();
const status = z.object({
  status: z
    .object({
      phase: z.string().nullish(),
      reason: z.string().nullish(),
      message: z.string().nullish(),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().nullish() }))
        .nullish(),
      containerStatuses: z.array(z.object({ state })).nullish(),
    })
    .nullish(),
});

/** Reasons of a waiting container that no time mends (pkg/kubelet/images, pkg/kubelet/container). */
const HOPELESS =
  /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|CreateContainer(Config)?Error|RunContainerError|CrashLoopBackOff)$/;

/** @throws MalformedObjectError, z.ZodError */
export function podFacts(object: unknown, network: string): PodFacts {
  const pod = podFromObject(object);
  const read = status.parse(object).status;
  const container = read?.containerStatuses?.[0]?.state;
  const networkStatus = parseNetworkStatus(pod.annotations, pod.namespace);
  const attachments = networkStatus.ok ? networkStatus.attachments : [];
  const attachment = attachments.find((each) => each.network === network);
  const why = notRunning(read, container);
  return {
    name: pod.name,
    uid: pod.uid,
    deleted: pod.terminating,
    hasLog: Boolean(container?.running ?? container?.terminated),
    ...why,
    ...(attachment && { attachment }),
    told: Object.keys(pod.annotations).some((name) => /networks?-status$/.test(name)),
    ...(pod.condition && { condition: pod.condition }),
  };
}

function notRunning(
  read: z.infer<typeof status>['status'],
  container: z.infer<typeof state>,
): Pick<PodFacts, 'hopeless' | 'waits'> {
  if (read?.phase === 'Failed' || read?.phase === 'Succeeded') {
    const { reason, message, exitCode } = container?.terminated ?? {};
    const ended = [reason ?? read.reason, message ?? read.message].filter(Boolean).join(': ');
    const code = exitCode === undefined || exitCode === null ? '' : ` with code ${exitCode}`;
    return { hopeless: `it ended${code}: ${ended || 'nobody says why'}` };
  }
  if (container?.running) return {};
  const { reason, message } = container?.waiting ?? {};
  const said = [reason, message].filter(Boolean).join(': ');
  if (reason && HOPELESS.test(reason)) return { hopeless: said };
  const unscheduled = read?.conditions?.find(
    ({ type, status: is }) => type === 'PodScheduled' && is === 'False',
  );
  return { waits: unscheduled?.message ?? (said || 'nobody has started it yet') };
}

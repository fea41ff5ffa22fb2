import type { PodView } from './pod-view.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** `pod`'s conditions with `ours` in the place of those of the same types. */
export function withConditions(pod: PodView, ours: readonly Condition[]): readonly Condition[] {
  return [
    ...pod.conditions.filter((other) => !ours.some(({ type }) => type === other.type)),
    ...ours,
  ];
}

/** The Ready condition of a pod whose containers run: True once every readiness gate is. */
export function readyCondition(pod: PodView, at: string): Condition {
  const open = pod.readinessGates.filter(
    (gate) => !pod.conditions.some(({ type, status }) => type === gate && status === 'True'),
  );
  if (open.length === 0) return { type: 'Ready', status: 'True', lastTransitionTime: at };
  return {
    type: 'Ready',
    status: 'False',
    reason: 'ReadinessGatesNotReady',
    message: open
      .map((gate) => `corresponding condition of pod readiness gate "${gate}" is not "True".`)
      .join(' '),
    lastTransitionTime: at,
  };
}

/** The status of a pod whose containers have started. */
export function runningStatus(
  pod: PodView,
  options: {
    readonly podIP: string;
    readonly hostIP: string;
    readonly at: string;
    readonly restarts: number;
  },
): object {
  const { podIP, hostIP, at, restarts } = options;
  const met = (type: string): Condition => ({ type, status: 'True', lastTransitionTime: at });
  return {
    phase: 'Running',
    conditions: withConditions(pod, [
      met('PodScheduled'),
      met('Initialized'),
      met('ContainersReady'),
      readyCondition(pod, at),
    ]),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: at,
    containerStatuses: pod.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: '',
      ready: true,
      started: true,
      restartCount: restarts,
      state: { running: { startedAt: at } },
    })),
  };
}

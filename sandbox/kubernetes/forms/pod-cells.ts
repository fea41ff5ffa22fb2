import * as z from 'zod';
import type { Draft } from '../object.ts';
import { ago } from './age.ts';

const text = z.string().catch('');
const terminated = z.looseObject({
  exitCode: z.number().catch(0),
  signal: z.number().catch(0),
  reason: text,
});
const containerStatus = z.looseObject({
  name: text,
  ready: z.boolean().catch(false),
  started: z.boolean().catch(false),
  restartCount: z.number().catch(0),
  state: z
    .looseObject({
      running: z.looseObject({}).optional().catch(undefined),
      waiting: z.looseObject({ reason: text }).optional().catch(undefined),
      terminated: terminated.optional().catch(undefined),
    })
    .catch({}),
  lastState: z
    .looseObject({
      terminated: z.looseObject({ finishedAt: z.string() }).optional().catch(undefined),
    })
    .catch({}),
});
type ContainerStatus = z.output<typeof containerStatus>;

const spec = z.looseObject({
  nodeName: text,
  containers: z.array(z.unknown()).catch([]),
  initContainers: z.array(z.looseObject({ name: text, restartPolicy: text })).catch([]),
  readinessGates: z.array(z.looseObject({ conditionType: text })).catch([]),
});
const status = z.looseObject({
  phase: text,
  reason: text,
  podIPs: z.array(z.looseObject({ ip: text })).catch([]),
  nominatedNodeName: text,
  conditions: z.array(z.looseObject({ type: text, status: text, reason: text })).catch([]),
  initContainerStatuses: z.array(containerStatus).catch([]),
  containerStatuses: z.array(containerStatus).catch([]),
});
type Status = z.output<typeof status>;

const orNone = (value: string | undefined): string => value || '<none>';

/** How a container that ended is named: by the reason, or else by its signal or exit code. */
function ending(end: z.output<typeof terminated>): string {
  if (end.reason !== '') return end.reason;
  return end.signal === 0 ? `ExitCode:${end.exitCode}` : `Signal:${end.signal}`;
}

function hasCondition({ conditions }: Status, wanted: string): boolean {
  return conditions.some((each) => each.type === wanted && each.status === 'True');
}

/** What keeps an init container from being done, `undefined` if nothing does. */
function initProblem(container: ContainerStatus, sidecar: boolean): string | undefined {
  const { state, started } = container;
  if (state.terminated?.exitCode === 0 || (sidecar && started)) return undefined;
  if (state.terminated !== undefined) return ending(state.terminated);
  const waiting = state.waiting?.reason ?? '';
  return waiting === 'PodInitializing' ? '' : waiting;
}

/** The Status of a pod whose init containers are done, from its containers, the first last. */
function runningReason(reason: string, of: Status): string {
  let told = reason;
  let failed = '';
  let running = false;
  for (const { state, ready } of of.containerStatuses.toReversed()) {
    if (state.waiting?.reason) told = state.waiting.reason;
    else if (state.terminated !== undefined) {
      told = ending(state.terminated);
      if (state.terminated.exitCode !== 0) failed = told;
    } else if (ready && state.running !== undefined) running = true;
  }
  if (told !== 'Completed') return told;
  if (running) return hasCondition(of, 'Ready') ? 'Running' : 'NotReady';
  return failed || told;
}

function restartsOf(containers: readonly ContainerStatus[], now: number): string {
  const count = containers.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const last = containers
    .flatMap(({ lastState }) => lastState.terminated?.finishedAt ?? [])
    .sort()
    .at(-1);
  return count === 0 || last === undefined ? String(count) : `${count} (${ago(last, now)} ago)`;
}

/**
 * The cells of a pod's row.
 * k8s.io/kubernetes pkg/printers/internalversion/printers.go, printPod
 */
export function podCells(object: Draft, now: number): readonly string[] {
  const wanted = spec.parse(object.spec ?? {});
  const is = status.parse(object.status ?? {});
  const sidecars = wanted.initContainers
    .filter(({ restartPolicy }) => restartPolicy === 'Always')
    .map(({ name }) => name);
  const isSidecar = ({ name }: ContainerStatus): boolean => sidecars.includes(name);
  const problems = is.initContainerStatuses.map((each) => initProblem(each, isSidecar(each)));
  const at = problems.findIndex((problem) => problem !== undefined);
  const initialized = at < 0 || hasCondition(is, 'Initialized');
  const gated = is.conditions.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  let reason = gated ? 'SchedulingGated' : is.reason || is.phase;
  if (at >= 0) reason = `Init:${problems[at] || `${at}/${wanted.initContainers.length}`}`;
  if (initialized) reason = runningReason(reason, is);
  const { deletionTimestamp, creationTimestamp, name = '' } = object.metadata;
  if (deletionTimestamp !== undefined) {
    if (is.reason === 'NodeLost') reason = 'Unknown';
    else if (is.phase !== 'Succeeded' && is.phase !== 'Failed') reason = 'Terminating';
  }
  const begun = at < 0 ? is.initContainerStatuses : is.initContainerStatuses.slice(0, at + 1);
  const counted = initialized ? [...begun.filter(isSidecar), ...is.containerStatuses] : begun;
  const readySidecars = begun.filter((each) => isSidecar(each) && each.started && each.ready);
  const runs = ({ ready, state }: ContainerStatus): boolean => ready && state.running !== undefined;
  const ready = readySidecars.length + (initialized ? is.containerStatuses.filter(runs).length : 0);
  const gates = wanted.readinessGates;
  const met = gates.filter(({ conditionType }) => hasCondition(is, conditionType)).length;
  return [
    name,
    `${ready}/${wanted.containers.length + sidecars.length}`,
    reason,
    restartsOf(counted, now),
    ago(creationTimestamp, now),
    orNone(is.podIPs[0]?.ip),
    orNone(wanted.nodeName),
    orNone(is.nominatedNodeName),
    gates.length === 0 ? '<none>' : `${met}/${gates.length}`,
  ];
}

/** What a Table's row says of a pod that has ended. */
export function podRowConditions(object: Draft): readonly object[] {
  const { phase } = status.parse(object.status ?? {});
  const completed = { type: 'Completed', status: 'True', reason: phase };
  if (phase === 'Succeeded') {
    return [{ ...completed, message: 'The pod has completed successfully.' }];
  }
  return phase === 'Failed' ? [{ ...completed, message: 'The pod failed.' }] : [];
}

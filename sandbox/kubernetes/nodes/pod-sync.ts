import type { Clock } from '../../../shared/time/clock.ts';
import type { KubeObject } from '../object.ts';
import type { Ref } from '../objects.ts';
import type { ApiServer } from './api-server.ts';
import type { Host, Kubelet, Sandbox } from './kubelet.ts';
import { type PodView, viewPod } from './pod-view.ts';

/** The nodes as the pods' events find them, and what is under way for pods. */
export interface PodSync {
  readonly objects: ApiServer;
  readonly clock: Clock;
  readonly kubelet: Kubelet;
  readonly hosts: Map<string, Host>;
  /** The nodes whose kubelets run. */
  readonly running: Set<string>;
  /** Binds a pod that has no node yet. */
  readonly schedule: (pod: PodView) => void;
  readonly terminationMs: number;
  readonly retryMs: number;
  /** The uids of pods that are being stopped. */
  readonly stopping: Set<string>;
  /** The pods to be looked at, by uid. */
  readonly due: Map<string, Ref>;
  stopped: boolean;
}

/** Does something in `ms` milliseconds, unless all has stopped by then. */
export function later(sync: PodSync, ms: number, task: () => void): void {
  sync.clock.after(ms, () => {
    if (!sync.stopped) task();
  });
}

/** Pods are looked at after the write that is going on, each once however often it changed. */
export function lookAt(sync: PodSync, object: KubeObject): void {
  const { namespace, name, uid } = object.metadata;
  const { due } = sync;
  if (due.size === 0) {
    later(sync, 0, () => {
      const refs = [...due.values()];
      due.clear();
      for (const ref of refs) syncPod(sync, ref);
    });
  }
  due.set(uid, { namespace, name });
}

export function lookAtAll(sync: PodSync): void {
  for (const object of sync.objects.list('pods')) lookAt(sync, object);
}

/** Makes a pod's network anew. */
export function restart(sync: PodSync, sandbox: Sandbox): void {
  const { kubelet, objects, hosts } = sync;
  kubelet.tearDown(sandbox.pod.uid);
  const object = objects.find('pods', sandbox.pod);
  const host = hosts.get(sandbox.node);
  if (object?.metadata.uid === sandbox.pod.uid && host !== undefined) {
    start(sync, viewPod(object), host);
  }
}

/** Does what scheduler or kubelet would do next with the pod. */
function syncPod(sync: PodSync, ref: Ref): void {
  const { objects, kubelet, hosts, running } = sync;
  const object = objects.find('pods', ref);
  if (object === undefined) return;
  const pod = viewPod(object);
  if (pod.node === undefined) {
    if (!pod.terminating) sync.schedule(pod);
    return;
  }
  const host = hosts.get(pod.node);
  if (host === undefined || !running.has(pod.node)) return;
  const sandboxed = kubelet.sandboxes().some((sandbox) => sandbox.pod.uid === pod.uid);
  if (pod.terminating) terminate(sync, pod);
  else if (pod.finished) kubelet.tearDown(pod.uid);
  else if (!sandboxed) start(sync, pod, host);
  else if (pod.phase === 'Running') kubelet.updateReady(pod);
}

function start(sync: PodSync, pod: PodView, host: Host): void {
  const object = sync.objects.find('pods', pod);
  if (sync.kubelet.run(pod, host) || object === undefined) return;
  later(sync, sync.retryMs, () => lookAt(sync, object));
}

function terminate(sync: PodSync, pod: PodView): void {
  if (sync.stopping.has(pod.uid)) return;
  sync.stopping.add(pod.uid);
  later(sync, sync.terminationMs, () => finishTermination(sync, pod));
}

function finishTermination({ stopping, running, kubelet, objects }: PodSync, pod: PodView): void {
  stopping.delete(pod.uid);
  if (!running.has(pod.node ?? '')) return;
  kubelet.tearDown(pod.uid);
  const present = objects.find('pods', pod);
  if (present?.metadata.uid === pod.uid) {
    objects.delete('pods', pod, { gracePeriodSeconds: 0 });
  }
}

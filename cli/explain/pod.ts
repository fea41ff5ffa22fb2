import * as z from 'zod';
import { claimsOf } from '../../shared/claims/pod-claims.ts';
import {
  IGNORE,
  MIRROR,
  NETWORK_STATUS,
  NETWORKS,
  NETWORKS_STATUS,
} from '../../shared/cluster/annotations.ts';
import type { Pod } from '../../shared/cluster/kubernetes.ts';
import { ago, instant, podName } from '../view/text.ts';
import type { View } from '../view/view.ts';
import { explainClaim } from './claim.ts';
import type { Derivation, Line } from './derivation.ts';

/** What is asked of a Pod object beyond what decides anything. */
const raw = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).nullish() }),
  status: z
    .object({
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            lastTransitionTime: z.string().nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

/** Why a pod has, or has not, what it claims. */
export interface PodExplanation {
  readonly pod: string;
  readonly node?: string;
  readonly about: readonly string[];
  /** Why it claims nothing, where that is so. */
  readonly lines: readonly Line[];
  readonly claims: readonly Derivation[];
  /** What its condition says, and since when nothing else can be known. */
  readonly told: string;
}

/** @param object the Pod as the API server gave it. */
export function explainPod(view: View, pod: Pod, object: unknown): PodExplanation {
  const node = pod.node === undefined ? undefined : view.nodes.get(pod.node);
  const networks = view.state.networks.byName;
  const claims =
    node?.state.pods.find((each) => each.pod.uid === pod.uid) ??
    claimsOf(pod, { networks, now: view.readAt });
  const derivations =
    node === undefined || claims === undefined
      ? []
      : claims.claims.map((claim) => explainClaim({ view, node, pod: claims, claim }));
  const lines = derivations.length > 0 ? [] : whyNothing(view, pod, object);
  return {
    pod: podName(pod),
    node: pod.node,
    about: [
      `${podName(pod)}, made ${instant(pod.createdAt)} (${ago(pod.createdAt, view.readAt)})`,
      `${placeOf(view, pod)}${pod.terminating ? '; it terminates' : ''}`,
      ...(claims?.unreadable ?? []).map(
        ({ annotation, detail }) => `its annotation ${annotation} cannot be read: ${detail}`,
      ),
    ],
    lines,
    claims: derivations,
    told: told(pod),
  };
}

function placeOf(view: View, { node: name }: Pod): string {
  if (name === undefined) return 'not bound to a node';
  const node = view.allNodes.find((each) => each.name === name);
  return `on node ${name} (${node?.instanceId ?? 'no instance'})`;
}

function told({ condition }: Pod): string {
  if (condition === undefined) return 'It was told nothing yet: it has no condition of ours.';
  return `Its condition says ${condition.status}, ${condition.reason}: ${condition.message}`;
}

/** Why a pod claims nothing that could be on an ENI. */
function whyNothing(view: View, pod: Pod, object: unknown): Line[] {
  const claims = (text: string): Line[] => [{ section: 'claims', text }];
  if (pod.node === undefined) return claims('It is not bound to a node yet: it claims nothing.');
  if (pod.finished) return claims('It has ended: what it claimed is free.');
  if (pod.hostNetwork) return claims("It is on the host's network: it claims nothing.");
  if (pod.annotations[IGNORE] === 'true') {
    return claims(`Its annotation ${IGNORE} has it claim nothing.`);
  }
  if (pod.annotations[MIRROR] !== undefined) {
    return claims('It stands for a static pod of its kubelet: it claims nothing.');
  }
  const unknown = whyUnknownNode(view, pod.node);
  if (unknown !== undefined) return [unknown];
  const written = pod.annotations[NETWORK_STATUS] ?? pod.annotations[NETWORKS_STATUS];
  return claims(
    written === undefined
      ? waitsForMultus(view, object)
      : 'Its network-status names no network but the default one, or only ignored ones.',
  );
}

function waitsForMultus({ readAt }: View, object: unknown): string {
  const { data } = raw.safeParse(object);
  const asked = data?.metadata.annotations?.[NETWORKS];
  if (asked === undefined) {
    return `It asks for no network: it has no annotation ${NETWORKS}, and no ${NETWORK_STATUS}.`;
  }
  const bound = data?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const since = Date.parse(bound?.lastTransitionTime ?? '');
  const when = Number.isNaN(since) ? '' : `, since ${instant(since)} (${ago(since, readAt)})`;
  return `It asks for ${asked}, and Multus has not written ${NETWORK_STATUS} yet${when}: kubectl describe pod says why its sandbox is not made.`;
}

function whyUnknownNode(view: View, name: string): Line | undefined {
  if (view.nodes.has(name)) return undefined;
  const node = view.allNodes.find((each) => each.name === name);
  const line = (text: string): Line => ({ section: 'clusters', text });
  if (node === undefined) {
    return line(
      `No Node is called ${name}. What the pod has counts as held: the Node may come back.`,
    );
  }
  if (node.outsideEc2) return line(`Node ${name} is no EC2 instance: there is nothing to assign.`);
  if (node.instanceId === undefined) return line(`Node ${name} names no instance yet.`);
  const naming = view.allNodes.filter(({ instanceId }) => instanceId === node.instanceId);
  if (naming.length > 1) {
    const names = naming.map((each) => each.name).join(' and ');
    return line(
      `${names} name ${node.instanceId}: nothing is released. Delete the one that is no more.`,
    );
  }
  return undefined;
}

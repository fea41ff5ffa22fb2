import { NETWORKS } from '../../shared/cluster/annotations.ts';
import { ORDER_ANNOTATION, ORDER_FILE, PROBE_LABEL, PROBE_NAME } from '../../shared/probe.ts';

/** The image's user and group. */
const USER = 1000;
/** A pod whose run was killed ends by itself this long after its run would have, s. */
const SPARE_SECONDS = 60;

export const CONTAINER = 'probe';

export interface ProbePod {
  readonly run: string;
  readonly name: string;
  /** Of the network, and so of the pod. */
  readonly namespace: string;
  readonly network: string;
  readonly node: string;
  readonly image: string;
  /** With its prefix length, where the network leaves the choice to its pods. */
  readonly ip?: string;
  /** How long the run may take. */
  readonly seconds: number;
}

/**
 * The pod that tries a network. It keeps to the restricted Pod Security standard: its one sysctl is
 * among the safe ones, and lets `ping` do without a capability.
 */
export function probePod(pod: ProbePod): object {
  const { run, name, namespace, network, node, image, ip, seconds } = pod;
  const selection = { name: network, namespace, ...(ip !== undefined && { ips: [ip] }) };
  const folder = ORDER_FILE.slice(0, ORDER_FILE.lastIndexOf('/'));
  const file = ORDER_FILE.slice(folder.length + 1);
  const fieldRef = { fieldPath: `metadata.annotations['${ORDER_ANNOTATION}']` };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/name': PROBE_NAME, [PROBE_LABEL]: run },
      annotations: { [NETWORKS]: JSON.stringify([selection]) },
    },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: seconds + SPARE_SECONDS,
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      affinity: { nodeAffinity: onNode(node) },
      // It gets wherever the pods get that it stands for.
      tolerations: [{ operator: 'Exists' }],
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        seccompProfile: { type: 'RuntimeDefault' },
        sysctls: [{ name: 'net.ipv4.ping_group_range', value: `${USER} ${USER}` }],
      },
      containers: [
        {
          name: CONTAINER,
          image,
          command: ['node', '/app/ip-manager.js', 'probe'],
          resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '192Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'order', mountPath: folder, readOnly: true }],
        },
      ],
      // The kubelet writes it anew at once when the annotation changes.
      volumes: [{ name: 'order', downwardAPI: { items: [{ path: file, fieldRef }] } }],
    },
  };
}

/** By the scheduler, which knows what room there is; `spec.nodeName` would pass it by. */
function onNode(name: string): object {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [name] }];
  return {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
  };
}

/**
 * The annotations that this project reads. `networks` is what a pod asks Multus for, and
 * `network-status` what Multus did; `networks-status` is the older name of that (https://github.com/k8snetworkplumbingwg/multi-net-spec, v1.1 and later: network-status).
 */
export const NETWORKS = 'k8s.v1.cni.cncf.io/networks';
export const NETWORK_STATUS = 'k8s.v1.cni.cncf.io/network-status';
export const NETWORKS_STATUS = 'k8s.v1.cni.cncf.io/networks-status';
export const FLOATING_IPS = 'multus-eni.dev/floating-ips';
export const IGNORE = 'multus-eni.dev/ignore';
/** A kubelet's, on the object that stands for a static pod of its own: https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/ */
export const MIRROR = 'kubernetes.io/config.mirror';
export const RANGES = 'multus-eni.dev/ranges';

/**
 * How many addresses a pod may claim in all its annotations together. Few nodes take as many on all
 * their ENIs (15 of 50 each: Amazon EC2 User Guide, "IP addresses per network interface per instance
 * type"). Each costs its node a look, a problem and a word in a condition.
 */
export const MAX_ADDRESSES = 1000;

/** What is kept of a pod's annotations. */
export const POD_ANNOTATIONS = [
  NETWORKS,
  NETWORK_STATUS,
  NETWORKS_STATUS,
  FLOATING_IPS,
  IGNORE,
  MIRROR,
] as const;

/** What is kept of a NetworkAttachmentDefinition's annotations. */
export const NETWORK_ANNOTATIONS = [IGNORE, RANGES] as const;

/**
 * The annotations that this project reads. `networks-status` is the older name of
 * the first (https://github.com/k8snetworkplumbingwg/multi-net-spec, v1.1 and later: network-status).
 */
export const NETWORK_STATUS = 'k8s.v1.cni.cncf.io/network-status';
export const NETWORKS_STATUS = 'k8s.v1.cni.cncf.io/networks-status';
export const FLOATING_IPS = 'multus-eni.dev/floating-ips';
export const IGNORE = 'multus-eni.dev/ignore';
export const RANGES = 'multus-eni.dev/ranges';

/** What is kept of a pod's annotations. */
export const POD_ANNOTATIONS = [NETWORK_STATUS, NETWORKS_STATUS, FLOATING_IPS, IGNORE] as const;

/** What is kept of a NetworkAttachmentDefinition's annotations. */
export const NETWORK_ANNOTATIONS = [IGNORE, RANGES] as const;

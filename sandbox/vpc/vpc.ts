/** What a VPC needs to know to deliver a packet. */
export interface VpcView {
  /** The ENI that has the address: as a primary, a secondary or within a prefix. */
  readonly holderOf: (
    address: string,
  ) => { readonly eniId: string; readonly instanceId?: string | undefined } | undefined;
  /** The node that runs on an instance. */
  readonly nodeOf: (instanceId: string) => string | undefined;
  /** The pods that have the address on one of their interfaces. */
  readonly podsWith: (address: string) => readonly VpcPod[];
}

export interface VpcPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
}

/**
 * The pods that answer at `address`. A VPC delivers to the ENI that has the address in EC2, and knows
 * nothing of pods. So it does not reach a pod that configured the address on another worker. Nor does
 * it reach an address that EC2 has not heard of.
 */
export function answering(view: VpcView, address: string): readonly VpcPod[] {
  const instanceId = view.holderOf(address)?.instanceId;
  const node = instanceId === undefined ? undefined : view.nodeOf(instanceId);
  return node === undefined ? [] : view.podsWith(address).filter((pod) => pod.node === node);
}

/** Whether a pod answers at `address`; with `node`: whether it is one on that node. */
export function reachable(
  view: VpcView,
  { address, node }: { readonly address: string; readonly node?: string },
): boolean {
  return answering(view, address).some((pod) => node === undefined || pod.node === node);
}

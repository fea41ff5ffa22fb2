/** From where the API server of an EKS cluster is reached, in the words of DescribeCluster. */
export interface EndpointAccess {
  readonly endpointPublicAccess?: boolean | undefined;
  readonly endpointPrivateAccess?: boolean | undefined;
  readonly publicAccessCidrs?: readonly string[] | undefined;
}

/**
 * Why functions do not reach it:
 *
 * - `no-private`: they go by the private endpoint, which is off;
 * - `private-only`: they go by the public endpoint, which is off;
 * - `closed`: it lets in named addresses only, and functions outside of a VPC have none of their own.
 */
export type EndpointProblem = 'no-private' | 'private-only' | 'closed';

const EVERYWHERE = ['0.0.0.0/0', '::/0'];

/**
 * Whether functions would reach the API server (Amazon EKS User Guide, "Cluster API server
 * endpoint"). Out of a VPC they come from any address that AWS has in the Region; whether a VPC's NAT
 * gateway is let in is not known here.
 */
export function endpointProblem(
  { endpointPublicAccess, endpointPrivateAccess, publicAccessCidrs = [] }: EndpointAccess,
  from: { readonly inVpc: boolean; readonly byPrivate: boolean },
): EndpointProblem | undefined {
  if (from.byPrivate) return endpointPrivateAccess === false ? 'no-private' : undefined;
  if (endpointPublicAccess === false) return 'private-only';
  const isOpen =
    publicAccessCidrs.length === 0 || EVERYWHERE.some((all) => publicAccessCidrs.includes(all));
  return from.inVpc || isOpen ? undefined : 'closed';
}

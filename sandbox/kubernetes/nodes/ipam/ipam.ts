import type { Address } from '../../../../shared/address.ts';

/** A CNI plugin could not set up an interface; the kubelet shows the message and tries again. */
export class CniError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CniError';
  }
}

/** What an IPAM plugin is called with. */
export interface IpamRequest {
  /** The `ipam` part of the network's configuration, not parsed. */
  readonly ipam: unknown;
  /** The network's name in its configuration. If it has none, Multus puts the attachment's name there. */
  readonly network: string;
  readonly node: string;
  /** The pod's sandbox. */
  readonly container: string;
  /** `namespace/name` */
  readonly pod: string;
  readonly interface: string;
  /** The `ips` of the pod's `networks` annotation, as written. */
  readonly requested: readonly string[];
}

/** An IPAM plugin with what it has given out. */
export interface Ipam {
  /** @throws CniError, having reserved nothing, or z.ZodError for a bad configuration. */
  allocate(request: IpamRequest): Address[];
  /** Frees what the sandbox has. */
  release(node: string, container: string): void;
}

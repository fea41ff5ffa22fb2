/** The kinds that the sandbox's API server knows, by their plural. */
export type ResourceName =
  | 'pods'
  | 'nodes'
  | 'namespaces'
  | 'events'
  | 'serviceaccounts'
  | 'leases'
  | 'network-attachment-definitions'
  | 'ippools'
  | 'overlappingrangeipreservations'
  | 'eniledgers';

export interface Resource {
  readonly name: ResourceName;
  /** Empty for the core group. */
  readonly group: string;
  readonly version: 'v1' | 'v1alpha1';
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Has the `/status` subresource. */
  readonly status: boolean;
  /** An update may leave out `metadata.resourceVersion`. */
  readonly unconditionalUpdate: boolean;
  /** Served from a CustomResourceDefinition: no strategic merge patch. */
  readonly custom: boolean;
  /** What a field selector may name, beside `metadata.name` and `metadata.namespace`. */
  readonly selectableFields: readonly string[];
}

const core = {
  group: '',
  version: 'v1',
  namespaced: true,
  status: false,
  unconditionalUpdate: true,
  custom: false,
  shortNames: [],
  selectableFields: [],
} as const;

const LIST: readonly Resource[] = [
  {
    ...core,
    name: 'pods',
    kind: 'Pod',
    singular: 'pod',
    shortNames: ['po'],
    status: true,
    selectableFields: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'status.phase',
      'status.nominatedNodeName',
      'status.podIP',
    ],
  },
  {
    ...core,
    name: 'nodes',
    kind: 'Node',
    singular: 'node',
    shortNames: ['no'],
    namespaced: false,
    status: true,
    selectableFields: ['spec.unschedulable'],
  },
  {
    ...core,
    name: 'namespaces',
    kind: 'Namespace',
    singular: 'namespace',
    shortNames: ['ns'],
    namespaced: false,
    selectableFields: ['status.phase'],
  },
  {
    ...core,
    name: 'events',
    kind: 'Event',
    singular: 'event',
    shortNames: ['ev'],
    selectableFields: [
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'involvedObject.apiVersion',
      'involvedObject.resourceVersion',
      'involvedObject.fieldPath',
      'reason',
      'reportingComponent',
      'source.component',
      'type',
    ],
  },
  {
    ...core,
    name: 'serviceaccounts',
    kind: 'ServiceAccount',
    singular: 'serviceaccount',
    shortNames: ['sa'],
  },
  {
    ...core,
    group: 'coordination.k8s.io',
    name: 'leases',
    kind: 'Lease',
    singular: 'lease',
    unconditionalUpdate: false,
  },
  {
    ...core,
    group: 'k8s.cni.cncf.io',
    name: 'network-attachment-definitions',
    kind: 'NetworkAttachmentDefinition',
    singular: 'network-attachment-definition',
    shortNames: ['net-attach-def'],
    unconditionalUpdate: false,
    custom: true,
  },
  ofWhereabouts('ippools', 'IPPool'),
  ofWhereabouts('overlappingrangeipreservations', 'OverlappingRangeIPReservation'),
  {
    ...core,
    group: 'multus-eni.dev',
    name: 'eniledgers',
    kind: 'ENILedger',
    singular: 'eniledger',
    shortNames: ['eni', 'enis'],
    namespaced: false,
    unconditionalUpdate: false,
    custom: true,
  },
];

/** https://github.com/k8snetworkplumbingwg/whereabouts, doc/crds. */
function ofWhereabouts(name: ResourceName, kind: string): Resource {
  return {
    ...core,
    group: 'whereabouts.cni.cncf.io',
    version: 'v1alpha1',
    name,
    kind,
    singular: kind.toLowerCase(),
    unconditionalUpdate: false,
    custom: true,
  };
}

const BY_NAME = new Map<string, Resource>(LIST.map((resource) => [resource.name, resource]));

export function allResources(): readonly Resource[] {
  return LIST;
}

export function resourceNamed(name: ResourceName): Resource {
  const resource = BY_NAME.get(name);
  if (resource === undefined) throw new Error(`the sandbox has no resource ${name}`);
  return resource;
}

/** The resource that a URL's group, version and plural name, if there is one. */
export function findResource(group: string, version: string, plural: string): Resource | undefined {
  const resource = BY_NAME.get(plural);
  return resource?.group === group && resource.version === version ? resource : undefined;
}

/** `v1`, or `<group>/<version>`. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** `pods`, or `leases.coordination.k8s.io`: how error messages name a resource. */
export function qualifiedName(resource: Resource): string {
  return resource.group === '' ? resource.name : `${resource.name}.${resource.group}`;
}

import type { ResourceAttributes } from '../../access/kubernetes.ts';

/** What the functions do in a cluster: deploy/base/functions-rbac.yaml allows it to their group. */
export const RIGHTS: readonly ResourceAttributes[] = [
  { verb: 'list', group: '', resource: 'pods' },
  { verb: 'patch', group: '', resource: 'pods', subresource: 'status' },
  { verb: 'get', group: '', resource: 'nodes' },
  { verb: 'list', group: '', resource: 'nodes' },
  { verb: 'list', group: 'k8s.cni.cncf.io', resource: 'network-attachment-definitions' },
  { verb: 'create', group: '', resource: 'events' },
  { verb: 'list', group: 'whereabouts.cni.cncf.io', resource: 'ippools' },
  ...['get', 'list', 'create', 'update', 'delete'].map((verb) => ({
    verb,
    group: 'multus-eni.dev',
    resource: 'eniledgers',
  })),
];

/** `patch pods/status`. */
export function rightText({ verb, group, resource, subresource }: ResourceAttributes): string {
  const whole = subresource === undefined ? resource : `${resource}/${subresource}`;
  return `${verb} ${whole}${group === '' ? '' : `.${group}`}`;
}

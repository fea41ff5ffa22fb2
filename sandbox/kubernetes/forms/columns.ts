import { LEDGER_COLUMNS } from '../eni-ledger.ts';
import type { ResourceName } from '../resources.ts';

/** A column of a Table; those with priority 1 are shown by `kubectl get -o wide` only. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly format: '' | 'name';
  readonly description: string;
  readonly priority: 0 | 1;
}

const column = (name: string, description: string): Column => ({
  name,
  type: 'string',
  format: '',
  description,
  priority: 0,
});
const wide = (name: string, description: string): Column => ({
  ...column(name, description),
  priority: 1,
});
const NAME: Column = { ...column('Name', 'The name of the object.'), format: 'name' };
const AGE = column('Age', 'The time since the object was created.');
const OF_CUSTOM: readonly Column[] = [NAME, { ...AGE, type: 'date' }];

/** k8s.io/kubernetes pkg/printers/internalversion/printers.go; Age alone for a custom resource. */
export const COLUMNS: Readonly<Record<ResourceName, readonly Column[]>> = {
  pods: [
    NAME,
    column('Ready', 'The containers that are ready, of all.'),
    column('Status', 'The aggregate status of the containers.'),
    column('Restarts', 'How often containers were restarted, and when one was last.'),
    AGE,
    wide('IP', 'The address of eth0.'),
    wide('Node', 'The node that the pod is bound to.'),
    wide('Nominated Node', 'The node that the pod is to be bound to.'),
    wide('Readiness Gates', 'The readiness gates that are met, of all.'),
  ],
  nodes: [
    NAME,
    column('Status', 'Whether the node is ready and takes pods.'),
    column('Roles', 'The roles of the node.'),
    AGE,
    column('Version', 'The version of the kubelet.'),
    wide('Internal-IP', 'The address of the node.'),
    wide('External-IP', 'The public address of the node.'),
    wide('OS-Image', 'The operating system of the node.'),
    wide('Kernel-Version', 'The kernel of the node.'),
    wide('Container-Runtime', 'The container runtime of the node.'),
  ],
  namespaces: [NAME, column('Status', 'The status of the namespace.'), AGE],
  events: [
    column('Last Seen', 'The time since it happened last.'),
    column('Type', 'Normal or Warning.'),
    column('Reason', 'Why it was written.'),
    column('Object', 'What it is about.'),
    wide('Subobject', 'The part of the object that it is about.'),
    wide('Source', 'Who wrote it.'),
    column('Message', 'What happened.'),
    wide('First Seen', 'The time since it happened first.'),
    wide('Count', 'How often it happened.'),
    { ...NAME, priority: 1 },
  ],
  serviceaccounts: [NAME, AGE],
  leases: [NAME, column('Holder', 'Who holds the Lease.'), AGE],
  'network-attachment-definitions': OF_CUSTOM,
  ippools: OF_CUSTOM,
  overlappingrangeipreservations: OF_CUSTOM,
  eniledgers: [NAME, ...LEDGER_COLUMNS],
};

import * as z from 'zod';
import { ledgerCells } from '../eni-ledger.ts';
import { type Draft, fieldAt } from '../object.ts';
import type { ResourceName } from '../resources.ts';
import { ago } from './age.ts';
import { podCells } from './pod-cells.ts';

type Cell = string | number | null;

const text = z.string().catch('');
const list = z.array(z.looseObject({ type: text, status: text, address: text })).catch([]);

const textAt = (object: Draft, path: string): string => text.parse(fieldAt(object, path));
const nameOf = ({ metadata }: Draft): string => metadata.name ?? '';
const age = ({ metadata }: Draft, now: number): string => ago(metadata.creationTimestamp, now);

const ROLE_PREFIX = 'node-role.kubernetes.io/';

function nodeStatus(node: Draft): string {
  const conditions = list.parse(fieldAt(node, 'status.conditions') ?? []);
  const ready = conditions.find(({ type }) => type === 'Ready');
  const state = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  const cordoned = fieldAt(node, 'spec.unschedulable') === true;
  return cordoned ? `${state},SchedulingDisabled` : state;
}

function nodeCells(node: Draft, now: number): readonly Cell[] {
  const { labels = {} } = node.metadata;
  const roles = Object.keys(labels)
    .filter((label) => label.startsWith(ROLE_PREFIX))
    .map((label) => label.slice(ROLE_PREFIX.length))
    .filter((role) => role !== '')
    .sort();
  const addresses = list.parse(fieldAt(node, 'status.addresses') ?? []);
  const address = (wanted: string): string =>
    addresses.find(({ type }) => type === wanted)?.address || '<none>';
  const info = (field: string): string => textAt(node, `status.nodeInfo.${field}`);
  const architecture = info('architecture');
  return [
    nameOf(node),
    nodeStatus(node),
    roles.join(',') || '<none>',
    age(node, now),
    info('kubeletVersion'),
    address('InternalIP'),
    address('ExternalIP'),
    info('osImage') || '<unknown>',
    `${info('kernelVersion') || '<unknown>'}${architecture && ` (${architecture})`}`,
    info('containerRuntimeVersion') || '<unknown>',
  ];
}

function eventCells(event: Draft, now: number): readonly Cell[] {
  const at = (path: string): string => textAt(event, path);
  const since = (path: string): string => ago(at(path) || undefined, now);
  const first = at('firstTimestamp') === '' ? since('eventTime') : since('firstTimestamp');
  const last = at('lastTimestamp') === '' ? first : since('lastTimestamp');
  const series = fieldAt(event, 'series') !== undefined;
  const count = z
    .number()
    .catch(0)
    .parse(fieldAt(event, series ? 'series.count' : 'count'));
  const kind = at('involvedObject.kind').toLowerCase();
  const about = at('involvedObject.name');
  const component = at('source.component') || at('reportingComponent');
  const host = at('source.host') || at('reportingInstance');
  return [
    series ? since('series.lastObservedTime') : last,
    at('type'),
    at('reason'),
    about === '' ? kind : `${kind}/${about}`,
    at('involvedObject.fieldPath'),
    host === '' ? component : `${component}, ${host}`,
    at('message').trim(),
    first,
    series ? count : Math.max(count, 1),
    nameOf(event),
  ];
}

const nameAndAge = (object: Draft, now: number): readonly Cell[] => [
  nameOf(object),
  age(object, now),
];

/**
 * The cells of an object's row at `now` (ms since the epoch), in the order of its COLUMNS.
 * k8s.io/kubernetes pkg/printers/internalversion/printers.go
 */
export const CELLS: Readonly<
  Record<ResourceName, (object: Draft, now: number) => readonly Cell[]>
> = {
  pods: podCells,
  nodes: nodeCells,
  namespaces: (object, now) => [nameOf(object), textAt(object, 'status.phase'), age(object, now)],
  events: eventCells,
  serviceaccounts: nameAndAge,
  leases: (object, now) => [
    nameOf(object),
    textAt(object, 'spec.holderIdentity'),
    age(object, now),
  ],
  'network-attachment-definitions': nameAndAge,
  ippools: nameAndAge,
  overlappingrangeipreservations: nameAndAge,
  eniledgers: (object, now) => [nameOf(object), ...ledgerCells(object, now)],
};

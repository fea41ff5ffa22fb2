import { checkLimit } from './assignment.ts';
import { createEni, type EniSpec } from './create-eni.ts';
import type { IdMaker } from './ids.ts';
import { enisOf, type NetworkInterface, type State, withEnis } from './model.ts';
import type { Store } from './store.ts';

export interface InstanceSpec {
  readonly type: string;
  /** Device index 0 must be among them. */
  readonly enis: readonly (EniSpec & { readonly deviceIndex: number })[];
  /** `ip-<primary address>.<region's domain>` unless given. */
  readonly privateDnsName?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface AddedInstance {
  readonly instanceId: string;
  readonly privateDnsName: string;
  /** In the order in which they were given. */
  readonly enis: readonly NetworkInterface[];
}

export interface NewAttachment {
  readonly id: string;
  readonly instanceId: string;
  readonly deviceIndex: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** @throws Error if the instance does not take the ENI at this device index. */
export function attached(
  state: State,
  eni: NetworkInterface,
  target: NewAttachment,
): NetworkInterface {
  const { id, instanceId, deviceIndex, at: attachedAt } = target;
  const instance = state.instances.get(instanceId);
  const type = state.instanceTypes.get(instance?.type ?? '');
  if (type === undefined || instance?.state !== 'running') {
    throw new Error(`${instanceId} is no running instance of a known type`);
  }
  if (eni.attachment !== undefined) throw new Error(`${eni.id} is attached already`);
  const others = enisOf(state, instanceId);
  if (others.length >= type.interfaces) {
    throw new Error(`a ${type.name} takes ${type.interfaces} interfaces`);
  }
  if (others.some(({ attachment }) => attachment?.deviceIndex === deviceIndex)) {
    throw new Error(`${instanceId} has an interface at device index ${deviceIndex}`);
  }
  const deleteOnTermination = deviceIndex === 0;
  const attachment = { id, instanceId, deviceIndex, deleteOnTermination, attachedAt };
  const after = { ...eni, attachment };
  checkLimit(state, after);
  return after;
}

export function detached(eni: NetworkInterface): NetworkInterface {
  const { attachment, ...rest } = eni;
  if (attachment === undefined) throw new Error(`${eni.id} is not attached`);
  return rest;
}

/** Adds an instance with its ENIs in one step. */
export function addInstance(
  store: Store,
  ids: IdMaker,
  spec: InstanceSpec,
  { at, region }: { readonly at: number; readonly region: string },
): AddedInstance {
  let state = store.state();
  const first = spec.enis.find(({ deviceIndex }) => deviceIndex === 0);
  if (first === undefined) throw new Error('an instance needs an interface at device index 0');
  const vpcId = state.subnets.get(first.subnetId)?.vpcId;
  if (vpcId === undefined) throw new Error(`there is no subnet ${first.subnetId}`);
  const instanceId = ids.next('i');
  const base = {
    id: instanceId,
    type: spec.type,
    vpcId,
    state: 'running',
    launchedAt: at,
  } as const;
  const tags = new Map(Object.entries(spec.tags ?? {}));
  const withInstance = (privateDnsName: string): State => ({
    ...state,
    instances: new Map(state.instances).set(instanceId, { ...base, privateDnsName, tags }),
  });
  state = withInstance('');
  const enis = spec.enis.map((eniSpec) => {
    const { deviceIndex } = eniSpec;
    const target = { id: ids.next('eni-attach'), instanceId, deviceIndex, at };
    const eni = attached(state, createEni(state, ids, eniSpec), target);
    state = withEnis(state, eni);
    return eni;
  });
  const primary = enis[spec.enis.indexOf(first)]?.primary ?? '';
  const privateDnsName = spec.privateDnsName ?? dnsName(primary, region);
  store.commit(withInstance(privateDnsName));
  return { instanceId, privateDnsName, enis };
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/hostname-types.html (IP name) */
function dnsName(primary: string, region: string): string {
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
  return `ip-${primary.replaceAll('.', '-')}.${domain}`;
}

export function terminated(state: State, instanceId: string): State {
  const instance = state.instances.get(instanceId);
  if (instance === undefined) throw new Error(`there is no instance ${instanceId}`);
  const enis = new Map(state.enis);
  for (const eni of enisOf(state, instanceId)) {
    if (eni.attachment?.deleteOnTermination) enis.delete(eni.id);
    else enis.set(eni.id, detached(eni));
  }
  const gone = { ...instance, state: 'terminated', privateDnsName: '' } as const;
  return { ...state, enis, instances: new Map(state.instances).set(instanceId, gone) };
}

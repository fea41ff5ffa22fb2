import { Ec2Error } from './errors.ts';
import type { State, Tags } from './model.ts';
import { requireEni, requireInstance, requireSubnet } from './resources.ts';

/** One tag of one resource. */
export interface TagOf {
  readonly resourceId: string;
  readonly resourceType: string;
  readonly key: string;
  readonly value: string;
}

/** The tags of ENIs, instances and subnets. */
export function allTags({ enis, instances, subnets }: State): TagOf[] {
  const resources = [
    ...[...enis.values()].map((each) => ({ ...each, type: 'network-interface' })),
    ...[...instances.values()].map((each) => ({ ...each, type: 'instance' })),
    ...[...subnets.values()].map((each) => ({ ...each, type: 'subnet' })),
  ];
  return resources.flatMap(({ id, type, tags }) =>
    [...tags].map(([key, value]) => ({ resourceId: id, resourceType: type, key, value })),
  );
}

/**
 * The state with a resource's tags changed.
 *
 * @throws Ec2Error for an id that is none, or of what does not exist.
 */
export function withTags(state: State, id: string, change: (tags: Tags) => Tags): State {
  switch (id.split('-')[0]) {
    case 'eni': {
      const eni = requireEni(state, id);
      const enis = new Map(state.enis).set(id, { ...eni, tags: change(eni.tags) });
      return { ...state, enis };
    }
    case 'i': {
      const instance = requireInstance(state, id);
      const changed = { ...instance, tags: change(instance.tags) };
      return { ...state, instances: new Map(state.instances).set(id, changed) };
    }
    case 'subnet': {
      const subnet = requireSubnet(state, id);
      const changed = { ...subnet, tags: change(subnet.tags) };
      return { ...state, subnets: new Map(state.subnets).set(id, changed) };
    }
  }
  throw new Ec2Error('InvalidID', `The ID '${id}' is not valid`);
}

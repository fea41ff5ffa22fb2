import type { Kinds } from './kinds.ts';
import { allResources, apiVersionOf, type Resource } from './resources.ts';

/** The version that the API server and its kubelets say they are. */
export const GIT_VERSION = 'v1.33.0-sandbox';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

function describeResource(resource: Resource): object[] {
  const { name, singular, namespaced, kind, shortNames } = resource;
  const main = {
    name,
    singularName: singular,
    namespaced,
    kind,
    verbs: VERBS,
    shortNames,
    ...(name === 'pods' ? { categories: ['all'] } : {}),
  };
  if (!resource.status) return [main];
  const verbs = ['get', 'patch', 'update'];
  const log = { name: `${name}/log`, singularName: '', namespaced, kind, verbs: ['get'] };
  const status = { name: `${name}/status`, singularName: '', namespaced, kind, verbs };
  return name === 'pods' ? [main, log, status] : [main, status];
}

function resourceList(groupVersion: string, resources: readonly Resource[]): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: resources.flatMap(describeResource),
  };
}

/** A group has one version here. */
function groupOf({ group, version }: Resource): object {
  const only = { groupVersion: `${group}/${version}`, version };
  return { name: group, versions: [only], preferredVersion: only };
}

/**
 * The document at a discovery path, if there is one, of the kinds that the cluster has.
 */
export function discover(path: string, kinds: Kinds): object | undefined {
  const resources = allResources().filter(kinds.has);
  const named = resources.filter(({ group }) => group !== '');
  const groups = [...new Map(named.map((resource) => [resource.group, resource])).values()];
  const inGroup = (group: string): Resource[] =>
    resources.filter((resource) => resource.group === group);
  const documents: Record<string, object> = {
    '/version': {
      major: '1',
      minor: '33',
      gitVersion: GIT_VERSION,
      gitCommit: '',
      gitTreeState: 'clean',
      buildDate: '2025-01-01T00:00:00Z',
      goVersion: '',
      compiler: '',
      platform: 'linux/amd64',
    },
    '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupOf) },
    '/api/v1': resourceList('v1', inGroup('')),
  };
  for (const resource of groups) {
    const { group } = resource;
    const groupVersion = apiVersionOf(resource);
    documents[`/apis/${group}`] = { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(resource) };
    documents[`/apis/${groupVersion}`] = resourceList(groupVersion, inGroup(group));
  }
  return documents[path];
}

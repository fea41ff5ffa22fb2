import { findResource, type Resource } from './resources.ts';

/** What a URL's path names. */
export type Route =
  | { readonly kind: 'discovery'; readonly path: string }
  | {
      readonly kind: 'resource';
      readonly resource: Resource;
      readonly namespace?: string;
      readonly name?: string;
      readonly subresource?: 'status';
    }
  /** A pod's log. */
  | { readonly kind: 'log'; readonly namespace: string; readonly name: string }
  /** Of a group that there is, or of one that there is not. */
  | { readonly kind: 'unknown'; readonly group: string };

/** The group and version of `/api/v1/…` or `/apis/<group>/<version>/…`, and the path's rest. */
function splitGroup(
  parts: readonly string[],
): { group: string; version: string; rest: readonly string[] } | undefined {
  const [root, first, second, ...rest] = parts;
  if (root === 'api' && first === 'v1') return { group: '', version: first, rest: parts.slice(2) };
  if (root !== 'apis' || first === undefined || second === undefined) return undefined;
  return { group: first, version: second, rest };
}

/** Reads a path such as `/api/v1/namespaces/default/pods/sampleapp/status`. */
export function parseRoute(path: string): Route {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const split = splitGroup(parts);
  if (split === undefined || split.rest.length === 0) return { kind: 'discovery', path };
  const { group, version, rest } = split;
  const scoped = rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status';
  const namespace = scoped ? rest[1] : undefined;
  const [plural = '', name, subresource, ...more] = scoped ? rest.slice(2) : rest;
  const resource = findResource(group, version, plural);
  if (resource === undefined || more.length > 0) return { kind: 'unknown', group };
  if (namespace !== undefined && !resource.namespaced) return { kind: 'unknown', group };
  if (resource.name === 'pods' && subresource === 'log' && namespace && name) {
    return { kind: 'log', namespace, name };
  }
  if (subresource !== undefined && !(subresource === 'status' && resource.status)) {
    return { kind: 'unknown', group };
  }
  return {
    kind: 'resource',
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

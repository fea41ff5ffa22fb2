import { jsonPatch } from './json-patch.ts';
import { isRecord } from './object.ts';
import { StatusError } from './status.ts';

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json';

/**
 * Lists that a strategic merge patch merges by a key instead of replacing them: the
 * `patchMergeKey` of the Go types in k8s.io/api/core/v1. Others are replaced whole.
 */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  'status.conditions': 'type',
  'status.podIPs': 'ip',
  'status.hostIPs': 'ip',
  'status.addresses': 'type',
  'metadata.ownerReferences': 'uid',
  'spec.containers': 'name',
  'spec.initContainers': 'name',
  'spec.volumes': 'name',
  'spec.taints': 'key',
};

/** RFC 7396: null deletes, objects merge, everything else replaces. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = isRecord(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

function mergeList(
  target: unknown,
  patch: readonly unknown[],
  key: string,
  path: string,
): readonly unknown[] {
  const merged: unknown[] = Array.isArray(target) ? [...target] : [];
  for (const item of patch) {
    if (!isRecord(item) || item[key] === undefined) {
      throw new StatusError(
        422,
        'Invalid',
        `map: ${path} does not contain declared merge key: ${key}`,
      );
    }
    const at = merged.findIndex((known) => isRecord(known) && known[key] === item[key]);
    if (item.$patch === 'delete') {
      if (at >= 0) merged.splice(at, 1);
    } else if (at >= 0) merged[at] = strategicMerge(merged[at], item, path);
    else merged.push(item);
  }
  return merged;
}

/**
 * A strategic merge patch as kubectl and controllers send it: merge keys, `$patch:
 * delete` and `$patch: replace`; the directives about order are of no effect here.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
function strategicMerge(target: unknown, patch: unknown, path: string): unknown {
  if (!isRecord(patch)) return patch;
  const { $patch: directive, ...rest } = patch;
  const merged = isRecord(target) && directive !== 'replace' ? { ...target } : {};
  for (const [name, value] of Object.entries(rest)) {
    if (name.startsWith('$')) continue;
    const inner = path === '' ? name : `${path}.${name}`;
    const key = MERGE_KEYS[inner];
    if (value === null) delete merged[name];
    else if (key !== undefined && Array.isArray(value)) {
      merged[name] = mergeList(merged[name], value, key, inner);
    } else merged[name] = strategicMerge(merged[name], value, inner);
  }
  return merged;
}

/**
 * `target` with `patch` applied; `target` itself stays as it is.
 *
 * @throws StatusError 400 or 422 if the patch is malformed or does not apply.
 */
export function applyPatch(type: PatchType, target: unknown, patch: unknown): unknown {
  switch (type) {
    case 'application/json-patch+json':
      return jsonPatch(target, patch);
    case 'application/merge-patch+json':
      return mergePatch(target, patch);
    case 'application/strategic-merge-patch+json':
      return strategicMerge(target, patch, '');
  }
}

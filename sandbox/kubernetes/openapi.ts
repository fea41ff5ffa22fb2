import type { Kinds } from './kinds.ts';
import { allResources, apiVersionOf, type Resource } from './resources.ts';

const parameter = (name: string, where: 'query' | 'path'): object => ({
  name,
  in: where,
  schema: { type: 'string' },
  ...(where === 'path' ? { required: true } : {}),
});

function patchOperation(resource: Resource): [path: string, item: object] {
  const { group, version, kind, name, namespaced } = resource;
  const root = `/${group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
  return [
    `${root}${namespaced ? '/namespaces/{namespace}' : ''}/${name}/{name}`,
    {
      patch: {
        operationId: `patch${kind}`,
        parameters: [parameter('fieldValidation', 'query'), parameter('dryRun', 'query')],
        responses: { '200': { description: 'OK' } },
        'x-kubernetes-action': 'patch',
        'x-kubernetes-group-version-kind': { group, version, kind },
      },
      parameters: [parameter('name', 'path')],
    },
  ];
}

/**
 * The OpenAPI document at a path: every resource takes a patch with `fieldValidation`. From this
 * kubectl concludes that the server validates. Otherwise kubectl would refuse, because it has no
 * schemas.
 */
export function openApi(path: string, kinds: Kinds): object | undefined {
  const resources = allResources().filter(kinds.has);
  const pathOf = (resource: Resource): string =>
    `${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
  if (path === '/openapi/v3') {
    const entries = resources.map((resource): [string, object] => [
      pathOf(resource),
      { serverRelativeURL: `/openapi/v3/${pathOf(resource)}` },
    ]);
    return { paths: Object.fromEntries(entries) };
  }
  const inGroup = resources.filter((resource) => path === `/openapi/v3/${pathOf(resource)}`);
  if (inGroup.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes sandbox', version: 'v1' },
    paths: Object.fromEntries(inGroup.map(patchOperation)),
    components: { schemas: {} },
  };
}

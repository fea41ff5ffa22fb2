import type { Plugin } from 'esbuild';

/**
 * Stands in for the client's serializer, which knows all 700 types of the Kubernetes API and takes
 * longer to load than all else of the client. What is sent here is plain JSON under the API's own
 * names, and what is answered is read by this project's schemas.
 */
const SERIALIZER = `export const ObjectSerializer = {
  serialize: (data) => data,
  stringify: (data) => JSON.stringify(data),
  getPreferredMediaType: () => 'application/json',
};`;

/** Leaves out of the Kubernetes client what a bundle of shared/cluster does not use. */
export const kubernetesClient: Plugin = {
  name: 'kubernetes-client',
  setup(build) {
    build.onLoad(
      {
        filter: /@kubernetes[\\/]client-node[\\/]dist[\\/]gen[\\/]models[\\/]ObjectSerializer\.js$/,
      },
      () => ({ contents: SERIALIZER }),
    );
    // The client's own HTTP library imports it; shared/cluster/http.ts takes the place of both.
    build.onResolve({ filter: /^undici$/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === kubernetesClient) return undefined;
      const found = await build.resolve(path, { ...from, pluginData: kubernetesClient });
      return { ...found, sideEffects: false };
    });
  },
};

import type { StageSettings } from '../config/schema.ts';
import { VERSION } from '../shared/version.ts';
import { tableOf } from './budget-table.ts';
import { settingsPath } from './names.ts';

/** Lambda: 4 KB for all variables together; the queues' URLs and the tag need the rest. */
const MAX_CLUSTERS_BYTES = 3_000;

/**
 * The part of the functions' environment that the configuration decides, as shared/config.ts
 * reads it.
 *
 * @throws an Error if Lambda has no room for it.
 */
export function environment(
  stage: string,
  settings: StageSettings,
): Readonly<Record<string, string>> {
  const clusters = settings.clusters.map((cluster) => ({
    name: cluster.name,
    policy: cluster.policy ?? settings.policy,
    ranges: cluster.ranges ?? settings.ranges,
    ours: cluster.ours ?? settings.ours,
    namespaces: cluster.namespaces ?? settings.namespaces,
    ...(cluster.advertiseRoom && { advertiseRoom: true }),
  }));
  const text = JSON.stringify(clusters);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_CLUSTERS_BYTES) {
    throw new Error(
      `clusters: ${clusters.length} clusters take ${bytes} bytes of the functions' environment, ` +
        `which has room for ${MAX_CLUSTERS_BYTES}: put some of them into a stage of their own`,
    );
  }
  return {
    CLUSTERS: text,
    STAGE: stage,
    SETTINGS_PATH: settingsPath(stage),
    MANAGED_TAG: settings.managedTag,
    EC2_BUDGET: JSON.stringify(budgetOf(stage, settings)),
    MAX_RELEASE_SHARE: String(settings.maxReleaseShare),
    AWS_USE_FIPS_ENDPOINT: String(settings.fipsEndpoints),
    PRODUCT_VERSION: VERSION,
  };
}

/** As shared/config.ts reads it. */
function budgetOf(stage: string, settings: StageSettings): object {
  const { budgetTable, ...limits } = settings.ec2 ?? {};
  const table = tableOf(stage, settings);
  return { writers: settings.concurrency, ...limits, ...(table !== undefined && { table }) };
}

import {
  type ClusterConfig,
  type Config,
  type JoinedCluster,
  joinedClusterFrom,
} from '../shared/config.ts';
import type { Clock } from '../shared/time/clock.ts';

/** A cluster that is served, and the queue in which its messages are. */
export interface ServedCluster {
  readonly config: ClusterConfig;
  readonly queueUrl: string;
}

/** The text of a parameter by its name; `undefined` where there is none. Rejects where it cannot be read. */
export type ReadSettings = (name: string) => Promise<string | undefined>;

/** Which clusters are served: those of the stage's configuration, and those that joined by themselves. */
export interface ServedClusters {
  /**
   * Rejects where the settings of a cluster that joined are missing, unreadable or wrong: its
   * messages wait for better ones.
   *
   * @param queueUrl the queue of a message that names the cluster.
   * @returns `undefined` where no message of that queue may name it: it can never be done.
   */
  find(cluster: string, queueUrl: string): Promise<ServedCluster | undefined>;
  /** As `find`, where there is no message and no queue. */
  named(cluster: string): Promise<ServedCluster>;
}

/** Settings are read again when they are older: ms. */
const FRESH_MS = 60_000;

export function servedClusters(config: Config, read: ReadSettings, clock: Clock): ServedClusters {
  const listed = new Map(
    config.clusters.map((cluster) => [
      cluster.name,
      { config: cluster, queueUrl: config.queueUrl },
    ]),
  );
  const joined = new Map<
    string,
    { readonly at: number; readonly settings: Promise<JoinedCluster> }
  >();
  const settingsOf = (cluster: string): Promise<JoinedCluster> => {
    const known = joined.get(cluster);
    if (known !== undefined && clock.now() - known.at < FRESH_MS) return known.settings;
    const settings = readSettings(read, `${config.settingsPath ?? ''}${cluster}`, cluster);
    joined.set(cluster, { at: clock.now(), settings });
    // What failed is tried again by the next message.
    settings.catch(() => {
      if (joined.get(cluster)?.settings === settings) joined.delete(cluster);
    });
    return settings;
  };
  const named = async (cluster: string): Promise<ServedCluster> => {
    const own = listed.get(cluster);
    if (own !== undefined) return own;
    if (config.settingsPath === undefined) throw new Error(`cluster ${cluster} is not configured`);
    const settings = await settingsOf(cluster);
    return { config: settings, queueUrl: settings.queueUrl };
  };
  return {
    named,
    async find(cluster, queueUrl) {
      // The stage's own queue is for the clusters of its configuration alone.
      if (queueUrl === config.queueUrl) return listed.get(cluster);
      const served = await named(cluster);
      return nameOf(served.queueUrl) === nameOf(queueUrl) ? served : undefined;
    },
  };
}

async function readSettings(
  read: ReadSettings,
  name: string,
  cluster: string,
): Promise<JoinedCluster> {
  const text = await read(name);
  if (text !== undefined) return joinedClusterFrom(cluster, text);
  throw new Error(
    `cluster ${cluster} has no settings: there is no parameter ${name}. Deploy the cluster's stack, ` +
      'or add the cluster to the configuration of the stage',
  );
}

/** A queue's name is its own within the account and Region, whatever endpoint its URL is of. */
function nameOf(queueUrl: string): string {
  return queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
}

import {
  type ClusterConfig,
  type Config,
  type JoinedCluster,
  joinedClusterFrom,
  WrongSettingsError,
} from '../shared/config.ts';
import type { Clock } from '../shared/time/clock.ts';

/** A cluster that is served, and the queue in which its messages are. */
export interface ServedCluster {
  readonly config: ClusterConfig;
  readonly queueUrl: string;
}

/** The text of a parameter by its name; `undefined` if there is none. Rejects if it cannot be read. */
export type ReadSettings = (name: string) => Promise<string | undefined>;

/** Which clusters are served: those of the stage's configuration, and those that joined by themselves. */
export interface ServedClusters {
  /**
   * Who serves a message. It rejects if the settings of a cluster that joined cannot be read, or are
   * wrong and do not name another queue: its messages wait for better ones.
   *
   * @param queueUrl the queue of a message that names the cluster.
   * @returns `undefined` if no message of that queue may name the cluster, or the cluster has no
   *   settings at all: the message can never be done.
   */
  find(cluster: string, queueUrl: string): Promise<ServedCluster | undefined>;
  /** The cluster, if there is no message and no queue. Rejects if it has no settings that can be used. */
  named(cluster: string): Promise<ServedCluster>;
}

/** How old settings may be before they are read again. */
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
  const joinedIn = async (cluster: string, queue: string): Promise<ServedCluster | undefined> => {
    try {
      const served = await named(cluster);
      return nameOf(served.queueUrl) === queue ? served : undefined;
    } catch (error) {
      if (error instanceof NoSettingsError) return undefined;
      if (error instanceof WrongSettingsError && isOther(error.queueUrl, queue)) return undefined;
      throw error;
    }
  };
  return {
    named,
    async find(cluster, queueUrl) {
      // The stage's own queue is for the clusters of its configuration alone, and they are for it.
      if (queueUrl === config.queueUrl || listed.has(cluster)) {
        const own = listed.get(cluster);
        return own !== undefined && nameOf(own.queueUrl) === nameOf(queueUrl) ? own : undefined;
      }
      return config.settingsPath === undefined ? undefined : joinedIn(cluster, nameOf(queueUrl));
    },
  };
}

/** No parameter says what is to be done in the cluster. */
class NoSettingsError extends Error {
  override readonly name = 'NoSettingsError';
}

async function readSettings(
  read: ReadSettings,
  name: string,
  cluster: string,
): Promise<JoinedCluster> {
  const text = await read(name);
  if (text !== undefined) return joinedClusterFrom(cluster, text);
  throw new NoSettingsError(
    `cluster ${cluster} has no settings: there is no parameter ${name}. Deploy the cluster's stack, ` +
      'or add the cluster to the configuration of the stage',
  );
}

function isOther(queueUrl: string | undefined, queue: string): boolean {
  return queueUrl !== undefined && nameOf(queueUrl) !== queue;
}

/** A queue's name is its own within the account and Region, whatever endpoint its URL is of. */
function nameOf(queueUrl: string): string {
  return queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
}

/** A key pair of a role's session, as a function's environment holds one. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Such as `arn:aws:iam::111122223333:role/reconcile`. */
  readonly roleArn: string;
}

/** Whom a cluster takes a role for. */
export interface KubernetesUser {
  readonly username: string;
  readonly groups: readonly string[];
}

export interface Cluster {
  readonly name: string;
  /** The API server, `https://…`; absent while the cluster is being made. */
  readonly endpoint?: string;
  /** PEM in base64. */
  readonly caData?: string;
  /** Those of EKS that it has; the EKS Pod Identity Agent alone unless given. */
  readonly addons?: readonly string[];
  /** Open to everybody, and not from within the VPC, unless given. */
  readonly endpointAccess?: {
    readonly public?: boolean;
    readonly private?: boolean;
    readonly publicCidrs?: readonly string[];
  };
  /** `API_AND_CONFIG_MAP` unless given. */
  readonly authenticationMode?: 'API' | 'API_AND_CONFIG_MAP' | 'CONFIG_MAP';
  /** `ACTIVE` unless given. */
  readonly status?: 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING' | 'FAILED';
}

/** What one account has in one region. */
export interface Account {
  readonly id: string;
  readonly region: string;
  /** In the order in which they were added. */
  clusters(): readonly Cluster[];
  cluster(name: string): Cluster | undefined;
  /** Adds a cluster, or puts another in the place of the one of that name. */
  addCluster(cluster: Cluster): void;
  removeCluster(name: string): void;
  credentials(accessKeyId: string): Credentials | undefined;
  addCredentials(credentials: Credentials): void;
  accessEntry(cluster: string, roleArn: string): KubernetesUser | undefined;
  addAccessEntry(
    cluster: string,
    roleArn: string,
    username: string,
    groups: readonly string[],
  ): void;
  removeAccessEntry(cluster: string, roleArn: string): void;
}

export function createAccount(id: string, region: string): Account {
  const clusters = new Map<string, Cluster>();
  const keys = new Map<string, Credentials>();
  const entries = new Map<string, KubernetesUser>();
  const entryKey = (cluster: string, roleArn: string): string => `${cluster} ${roleArn}`;

  return {
    id,
    region,
    clusters: () => [...clusters.values()],
    cluster: (name) => clusters.get(name),
    addCluster: (cluster) => clusters.set(cluster.name, cluster),
    removeCluster: (name) => clusters.delete(name),
    credentials: (accessKeyId) => keys.get(accessKeyId),
    addCredentials: (credentials) => keys.set(credentials.accessKeyId, credentials),
    accessEntry: (cluster, roleArn) => entries.get(entryKey(cluster, roleArn)),
    addAccessEntry: (cluster, roleArn, username, groups) =>
      entries.set(entryKey(cluster, roleArn), { username, groups }),
    removeAccessEntry: (cluster, roleArn) => entries.delete(entryKey(cluster, roleArn)),
  };
}

/** The ARN that STS shows for a session of the role. */
export function sessionArn(roleArn: string): string {
  return `${roleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/sandbox`;
}

/** What a metadata service knows of its instance. */
export interface InstanceFacts {
  readonly instanceId: string;
  readonly region: string;
  readonly account: string;
  readonly instanceType?: string;
  /** The instance's role; without one there are no credentials. */
  readonly role?: { readonly name: string; readonly credentials: RoleCredentials };
}

export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

const CREDENTIALS = '/latest/meta-data/iam/security-credentials/';
const HOURS_MS = 3_600_000;

/** The paths that are served, and their texts. `now` is in milliseconds since the epoch. */
export function metadataOf(facts: InstanceFacts, now: number): ReadonlyMap<string, string> {
  const { instanceId, region, account, instanceType = 'm5.large', role } = facts;
  const availabilityZone = `${region}a`;
  const document = { accountId: account, availabilityZone, instanceId, instanceType, region };
  return new Map([
    ['/latest/meta-data/instance-id', instanceId],
    ['/latest/meta-data/instance-type', instanceType],
    ['/latest/meta-data/placement/region', region],
    ['/latest/meta-data/placement/availability-zone', availabilityZone],
    ['/latest/dynamic/instance-identity/document', JSON.stringify(document, undefined, 2)],
    ...(role === undefined
      ? []
      : ([
          [CREDENTIALS, role.name],
          [`${CREDENTIALS}${role.name}`, credentials(role.credentials, now)],
        ] as const)),
  ]);
}

/** EC2 User Guide, "Retrieve security credentials from instance metadata". */
function credentials(keys: RoleCredentials, now: number): string {
  return JSON.stringify({
    Code: 'Success',
    LastUpdated: new Date(now).toISOString(),
    Type: 'AWS-HMAC',
    AccessKeyId: keys.accessKeyId,
    SecretAccessKey: keys.secretAccessKey,
    Token: keys.sessionToken,
    Expiration: new Date(now + 6 * HOURS_MS).toISOString(),
  });
}

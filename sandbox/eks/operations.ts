import { type Account, type Cluster, sessionArn } from './account.ts';

/** A request, recognised. */
export interface Operation {
  readonly action:
    | 'DescribeCluster'
    | 'DescribeAccessEntry'
    | 'DescribeAddon'
    | 'ListClusters'
    | 'GetCallerIdentity'
    | 'TokenReview';
  readonly params: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** EKS: "maxResults … if you don't use this parameter, 100 results". */
const MAX_PAGE = 100;

/** What is asked about a part of a cluster, by the path's. */
const PARTS: Readonly<Record<string, 'DescribeAccessEntry' | 'DescribeAddon'>> = {
  'access-entries': 'DescribeAccessEntry',
  addons: 'DescribeAddon',
};

/** Which operation a request asks for; `undefined` for one that is not served here. */
export function recognise(method: string, url: URL, body: string): Operation | undefined {
  const [root, name, ...rest] = url.pathname.split('/').slice(1);
  if (method === 'GET' && root === 'clusters' && rest.length === 0) {
    return name === undefined || name === ''
      ? { action: 'ListClusters', params: Object.fromEntries(url.searchParams) }
      : { action: 'DescribeCluster', params: { name: decodeURIComponent(name) } };
  }
  const [kind = '', part, ...more] = rest;
  const action = PARTS[kind];
  if (method === 'GET' && root === 'clusters' && action && part && more.length === 0) {
    const params = { name: decodeURIComponent(name ?? ''), part: decodeURIComponent(part) };
    return { action, params };
  }
  if (method === 'POST' && root === 'token-review' && name !== undefined && rest.length === 0) {
    return { action: 'TokenReview', params: { cluster: decodeURIComponent(name) } };
  }
  const query = method === 'POST' ? new URLSearchParams(body) : url.searchParams;
  if (url.pathname === '/' && query.get('Action') === 'GetCallerIdentity') {
    return { action: 'GetCallerIdentity', params: {} };
  }
  return undefined;
}

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html */
export function describeCluster(account: Account, name: string): Answer {
  const cluster = account.cluster(name);
  return cluster === undefined
    ? eksError(404, 'ResourceNotFoundException', `No cluster found for name: ${name}.`)
    : json(200, { cluster: described(account, cluster) });
}

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddon.html */
export function describeAddon(account: Account, name: string, addon: string): Answer {
  const cluster = account.cluster(name);
  if (cluster === undefined) return describeCluster(account, name);
  const { addons = ['eks-pod-identity-agent'] } = cluster;
  return addons.includes(addon)
    ? json(200, { addon: { addonName: addon, clusterName: name, status: 'ACTIVE' } })
    : eksError(404, 'ResourceNotFoundException', `No addon: ${addon} found in cluster: ${name}`);
}

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAccessEntry.html */
export function describeAccessEntry(account: Account, name: string, principalArn: string): Answer {
  if (account.cluster(name) === undefined) return describeCluster(account, name);
  const entry = account.accessEntry(name, principalArn);
  if (entry === undefined) {
    const message = `The specified principalArn could not be found: ${principalArn}`;
    return eksError(404, 'ResourceNotFoundException', message);
  }
  const { username, groups: kubernetesGroups } = entry;
  return json(200, {
    accessEntry: { clusterName: name, principalArn, username, kubernetesGroups, type: 'STANDARD' },
  });
}

function described(account: Account, cluster: Cluster): Record<string, unknown> {
  const { name, endpoint, caData, status = 'ACTIVE', endpointAccess = {} } = cluster;
  const { authenticationMode = 'API_AND_CONFIG_MAP' } = cluster;
  return {
    name,
    arn: `arn:aws:eks:${account.region}:${account.id}:cluster/${name}`,
    status,
    accessConfig: { authenticationMode },
    resourcesVpcConfig: {
      endpointPublicAccess: endpointAccess.public ?? true,
      endpointPrivateAccess: endpointAccess.private ?? false,
      publicAccessCidrs: endpointAccess.publicCidrs ?? ['0.0.0.0/0'],
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(caData === undefined ? {} : { certificateAuthority: { data: caData } }),
  };
}

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_ListClusters.html */
export function listClusters(account: Account, params: Readonly<Record<string, string>>): Answer {
  const pageSize = Number(params.maxResults ?? MAX_PAGE);
  const start = Number(Buffer.from(params.nextToken ?? '', 'base64url').toString() || 0);
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE) {
    return eksError(400, 'InvalidParameterException', `maxResults must be 1 to ${MAX_PAGE}.`);
  }
  if (!Number.isInteger(start)) {
    return eksError(400, 'InvalidParameterException', 'nextToken is not valid.');
  }
  const names = account.clusters().map(({ name }) => name);
  const end = start + pageSize;
  return json(200, {
    clusters: names.slice(start, end),
    nextToken: end < names.length ? Buffer.from(String(end)).toString('base64url') : null,
  });
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
export function callerIdentity(account: Account, roleArn: string): Answer {
  return xml(
    200,
    `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>${sessionArn(roleArn)}</Arn>
    <UserId>AROASANDBOX:sandbox</UserId>
    <Account>${account.id}</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>sandbox</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>`,
  );
}

export function eksError(status: number, code: string, message: string): Answer {
  return { ...json(status, { message }), headers: { 'x-amzn-errortype': code } };
}

export function stsError(status: number, code: string, message: string): Answer {
  return xml(
    status,
    `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>
  <RequestId>sandbox</RequestId>
</ErrorResponse>`,
  );
}

export function json(status: number, body: unknown): Answer {
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}

function xml(status: number, body: string): Answer {
  return { status, contentType: 'text/xml', body };
}

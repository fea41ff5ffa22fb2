import * as z from 'zod';

/** An etcd, by the HTTP that it serves beside gRPC. https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/ */
export interface Etcd {
  /** The number of its last write; a resourceVersion of the API server is one. */
  revision(): Promise<number>;
  /** Forgets what was before now. */
  compact(): Promise<void>;
}

const answer = z.object({ header: z.object({ revision: z.string().transform(Number) }) });

export function etcdAt(url: string): Etcd {
  const call = async (path: string, body: object): Promise<number> => {
    const response = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd: ${path}: ${response.status} ${await response.text()}`);
    return answer.parse(await response.json()).header.revision;
  };
  const revision = () => call('/v3/kv/range', { key: Buffer.from('/').toString('base64') });
  return {
    revision,
    async compact() {
      await call('/v3/kv/compaction', { revision: String(await revision()), physical: true });
    },
  };
}

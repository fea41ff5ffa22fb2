import { generateKeyPairSync } from 'node:crypto';
import { generate } from 'selfsigned';

const KEYS = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

export interface Certificate {
  /** PEM */
  readonly cert: string;
  readonly key: string;
}

/** The cluster's certificate authority, and who it vouches for. */
export interface Authority {
  /** PEM */
  readonly cert: string;
  /** For a server that is reached by these addresses, and as `localhost`. */
  server(addresses: readonly string[]): Promise<Certificate>;
  /** For a user of the API server; it takes the organisations for the user's groups. */
  client(user: string, groups?: readonly string[]): Promise<Certificate>;
}

export async function createAuthority(name: string): Promise<Authority> {
  const own = await generate([{ name: 'commonName', value: name }], {
    ...KEYS,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const ca = { key: own.private, cert: own.cert };
  return {
    cert: own.cert,
    async server(addresses) {
      const { cert, private: key } = await generate(
        [{ name: 'commonName', value: 'kube-apiserver' }],
        {
          ...KEYS,
          ca,
          extensions: [
            { name: 'keyUsage', digitalSignature: true, critical: true },
            { name: 'extKeyUsage', serverAuth: true },
            {
              name: 'subjectAltName',
              altNames: [
                { type: 2, value: 'localhost' },
                { type: 2, value: 'kubernetes.default.svc' },
                ...addresses.map((ip) => ({ type: 7 as const, ip })),
              ],
            },
          ],
        },
      );
      return { cert, key };
    },
    async client(user, groups = []) {
      const subject = [
        { name: 'commonName', value: user },
        ...groups.map((value) => ({ name: 'organizationName', value })),
      ];
      const { cert, private: key } = await generate(subject, {
        ...KEYS,
        ca,
        extensions: [
          { name: 'keyUsage', digitalSignature: true, critical: true },
          { name: 'extKeyUsage', clientAuth: true },
        ],
      });
      return { cert, key };
    },
  };
}

/** The key that service account tokens are signed with, PEM; the API server reads no PKCS #8. */
export function serviceAccountKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

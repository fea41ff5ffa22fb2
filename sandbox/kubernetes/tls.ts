import { generate } from 'selfsigned';

export interface ServerCertificate {
  readonly key: string;
  /** PEM */
  readonly cert: string;
  /** PEM of the authority that signed it. */
  readonly ca: string;
}

/** Of servers that were stopped. To make another is most of the work of starting one. */
const spare = new Set<ServerCertificate>();

/** A certificate that no server of this process has that still runs. */
export async function takeCertificate(): Promise<ServerCertificate> {
  for (const certificate of spare) {
    spare.delete(certificate);
    return certificate;
  }
  return createCertificate();
}

/** For when the server is stopped. */
export function returnCertificate(certificate: ServerCertificate): void {
  spare.add(certificate);
}

/** A certificate for 127.0.0.1, ::1 and localhost, signed by an authority of its own. */
export async function createCertificate(): Promise<ServerCertificate> {
  const common = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
  const authority = await generate([{ name: 'commonName', value: 'sandbox-kubernetes-ca' }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'kube-apiserver' }], {
    ...common,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { key: server.private, cert: server.cert, ca: authority.cert };
}

/** A file of the image, beside what the base and its packages bring. */
export interface ImageFile {
  readonly path: string;
  /** Permissions, as for chmod. */
  readonly mode: number;
}

/** Where the files are put together for the image: relative to the repository, and then as in the image. */
export const STAGE = '.build/image';

/**
 * The image, with both programs. The Dockerfile makes it where there is a container engine, the
 * end-to-end tests without one; a test holds the Dockerfile against this.
 */
export const IMAGE = {
  name: 'multus-eni-reconciler',
  /** Packages of the base's distribution: `ip`, by which the sidecar hears of addresses, and `ping`. */
  packages: ['iproute2', 'iputils-ping'],
  files: [
    { path: '/app/LICENSE', mode: 0o644 },
    { path: '/app/THIRD-PARTY-LICENSES', mode: 0o644 },
    { path: '/app/forwarder.js', mode: 0o644 },
    { path: '/app/forwarder.js.map', mode: 0o644 },
    { path: '/app/ip-manager.js', mode: 0o644 },
    { path: '/app/ip-manager.js.map', mode: 0o644 },
    { path: '/app/script.sh', mode: 0o755 },
  ] satisfies readonly ImageFile[],
  /** By number, so that the kubelet can see that it is not root. */
  user: '1000:1000',
  workingDirectory: '/app',
  /** None: charts give the whole command line as `args`, such as `/bin/sh -c '/app/script.sh sidecar'`. */
  entrypoint: [],
  /**
   * Garbage is collected early: what the forwarder reads is soon nothing else, and would stay
   * resident (with 10,000 pods 220 MiB and not 120: `npm run bench:forwarder`).
   */
  command: ['node', '--optimize-for-size', '--max-semi-space-size=1', '/app/forwarder.js'],
} as const;

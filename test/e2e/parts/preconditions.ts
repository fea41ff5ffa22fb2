import { existsSync } from 'node:fs';
import { mkdir, statfs } from 'node:fs/promises';
import { cacheDirectory } from './cache.ts';
import { run, tryRun } from './command.ts';
import { type GoGroup, KUBE, missingPrograms, moduleDirectory } from './go-parts.ts';

/** What this machine lacks. */
export interface Obstacle {
  /** What is missing, and what needs it. */
  readonly what: string;
  /** How to get it. */
  readonly remedy: string;
}

/** What the Go build cache and the module cache grow to, from nothing, and the programs: bytes. */
const BUILD_NEEDS = 12e9;
const GB = 1e9;

/** What the namespaces of nodes need of Debian: file → package. */
const NODE_FILES = {
  runc: 'runc',
  socat: 'socat',
  ip: 'iproute2',
  ping: 'iputils-ping',
  nsenter: 'util-linux',
  sysctl: 'procps',
} as const;

export const isRoot = process.getuid?.() === 0;

/** The Debian packages of nodes that are not installed. */
export async function missingDebianPackages(): Promise<string[]> {
  const missing: string[] = existsSync('/bin/busybox') ? [] : ['busybox-static'];
  for (const [program, name] of Object.entries(NODE_FILES)) {
    if ((await programPath(program)) === undefined) missing.push(name);
  }
  return missing;
}

/** Where a program is; a user's PATH need not have the folders of root's. */
export async function programPath(program: string): Promise<string | undefined> {
  const PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;
  const found = await tryRun(['sh', '-c', 'command -v "$1"', 'sh', program], { env: { PATH } });
  return found?.trim();
}

/** As Debian's package calls Chromium, and others do. */
const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome'];

/** The path of this machine's Chromium. */
export async function chromiumPath(): Promise<string | undefined> {
  for (const name of CHROMIUM) {
    const path = await programPath(name);
    if (path) return path;
  }
  return undefined;
}

/** Why this machine can have no browser. */
export async function browserObstacles(): Promise<Obstacle[]> {
  if ((await chromiumPath()) !== undefined) return [];
  const hasApt = (await programPath('apt-get')) !== undefined;
  if (isRoot && hasApt) return [];
  const remedy = hasApt
    ? 'sudo apt-get install --no-install-recommends chromium'
    : 'install what Debian calls chromium';
  return [{ what: 'the map is looked at by Chromium, and there is none', remedy }];
}

/** Installs Debian packages; only root can. */
export async function installDebianPackages(
  packages: readonly string[],
  onLine?: (line: string) => void,
): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run(['apt-get', 'update', '-q'], { env, onLine });
  const install = ['apt-get', 'install', '-q', '-y', '--no-install-recommends'];
  await run([...install, ...packages], { env, onLine });
}

/** Why this machine can't have real nodes. */
export async function nodeObstacles(): Promise<Obstacle[]> {
  if (process.platform !== 'linux') {
    return [{ what: `real nodes need Linux; this is ${process.platform}`, remedy: 'use Linux' }];
  }
  const missing = await missingDebianPackages();
  const hasApt = (await programPath('apt-get')) !== undefined;
  const obstacles: Obstacle[] = [];
  if (missing.length > 0 && !(isRoot && hasApt)) {
    const packages = missing.join(' ');
    obstacles.push({
      what: `real nodes need ${packages}`,
      remedy: hasApt
        ? `sudo apt-get install --no-install-recommends ${packages}`
        : `install what Debian calls ${packages}`,
    });
  }
  if (!isRoot) {
    obstacles.push({
      what: 'real nodes need root: each is a set of namespaces with a container runtime',
      remedy: 'run it as root, in a container or virtual machine of your own',
    });
  } else if (!(await canMakeNamespaces())) {
    obstacles.push({
      what: 'real nodes need namespaces, and this kernel or container refuses them',
      remedy: 'give the container CAP_SYS_ADMIN and CAP_NET_ADMIN (docker run --privileged)',
    });
  }
  return obstacles;
}

async function canMakeNamespaces(): Promise<boolean> {
  const unshare = ['unshare', '--net', '--mount', '--uts', '--ipc', '--pid', '--fork'];
  const pair = 'ip link add one type veth peer name two && mount -t tmpfs tmpfs /run';
  return (await tryRun([...unshare, 'sh', '-c', pair])) !== undefined;
}

/** Why this machine can't build what is missing of the groups. */
export async function goObstacles(
  groups: readonly GoGroup[],
  given: ReadonlySet<string>,
): Promise<Obstacle[]> {
  const unbuilt = groups.filter((group) => missingPrograms(group, given).length > 0);
  const programs = unbuilt.flatMap((group) => missingPrograms(group, given)).join(', ');
  if (unbuilt.length === 0) return [];
  if ((await programPath('go')) === undefined) {
    return [
      {
        what: `Go builds ${programs}, and there is no go`,
        remedy: 'install Go 1.26 or later (https://go.dev/doc/install)',
      },
    ];
  }
  for (const group of unbuilt) {
    try {
      // In the module's folder, so that a Go that is too old says so, or fetches a newer one.
      await run(['go', 'version'], { cwd: moduleDirectory(group) });
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      return [{ what: said, remedy: 'install a newer Go (https://go.dev/doc/install)' }];
    }
  }
  return unbuilt.includes(KUBE) ? diskObstacles() : [];
}

async function diskObstacles(): Promise<Obstacle[]> {
  await mkdir(cacheDirectory(), { recursive: true });
  const caches = (await run(['go', 'env', 'GOCACHE', 'GOMODCACHE'])).trim().split('\n');
  const { bavail, bsize } = await statfs(cacheDirectory());
  const free = bavail * bsize;
  if (free >= BUILD_NEEDS) return [];
  // What Go has already need not be written again.
  const used = await Promise.all(caches.filter((each) => existsSync(each)).map(sizeOf));
  const missing = BUILD_NEEDS - free - used.reduce((sum, each) => sum + each, 0);
  if (missing <= 0) return [];
  return [
    {
      what: `building Kubernetes needs ${gigabytes(BUILD_NEEDS)}, and ${cacheDirectory()} has ${gigabytes(free)} left`,
      remedy: `free ${gigabytes(missing)}, or set XDG_CACHE_HOME, GOCACHE and GOMODCACHE to a larger disk`,
    },
  ];
}

/** What a folder takes of the disk, bytes. */
export async function sizeOf(directory: string): Promise<number> {
  const kilobytes = await run(['du', '-sk', directory]);
  return Number.parseInt(kilobytes, 10) * 1024;
}

export function gigabytes(bytes: number): string {
  return `${(bytes / GB).toFixed(1)} GB`;
}

/** Why this machine can't have moto. */
export async function pythonObstacles(): Promise<Obstacle[]> {
  const remedy = 'install Python 3.11 or later with venv (apt-get install python3-venv)';
  const version = await tryRun(['python3', '-c', 'import sys; print(*sys.version_info[:2])']);
  if (version === undefined)
    return [{ what: 'moto needs Python, and there is no python3', remedy }];
  const [major = 0, minor = 0] = version.trim().split(' ').map(Number);
  if (major < 3 || (major === 3 && minor < 11)) {
    return [{ what: `moto needs Python 3.11; this is ${major}.${minor}`, remedy }];
  }
  if ((await tryRun(['python3', '-c', 'import ensurepip, venv'])) !== undefined) return [];
  return [{ what: 'moto needs a virtual environment, and this Python has no venv', remedy }];
}

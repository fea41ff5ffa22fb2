import { existsSync, readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { groupDirectory, makeOnce } from './cache.ts';
import { run } from './command.ts';

/** Programs that one go.mod of this folder pins. */
export interface GoGroup {
  readonly name: string;
  /** Name of the program → its Go package. */
  readonly programs: Readonly<Record<string, string>>;
  /** Sources of our own among them, beside its go.mod. */
  readonly sources?: readonly string[];
  /** Stamped into the programs: `-X` of the linker. */
  readonly stamps?: Readonly<Record<string, string>>;
  /** Files of a module that the programs need: module → folder in it. */
  readonly files?: { readonly module: string; readonly folder: string };
}

const KUBERNETES = versionIn('kube', 'k8s.io/kubernetes');
const [MAJOR = '', MINOR = ''] = KUBERNETES.slice(1).split('.');
const STAMP = 'k8s.io/component-base/version';
const CNI = 'github.com/containernetworking/plugins/plugins';
const CONTAINERD = 'github.com/containerd/containerd/v2';

export const KUBE: GoGroup = {
  name: 'kube',
  programs: {
    etcd: 'go.etcd.io/etcd/server/v3',
    kubelet: 'k8s.io/kubernetes/cmd/kubelet',
    'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
    kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
    'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  },
  // Without them `kubectl version` fails.
  stamps: {
    [`${STAMP}.gitVersion`]: KUBERNETES,
    [`${STAMP}.gitMajor`]: MAJOR,
    [`${STAMP}.gitMinor`]: MINOR,
  },
};

export const CNI_PLUGINS: GoGroup = {
  name: 'cni',
  programs: {
    multus: 'gopkg.in/k8snetworkplumbingwg/multus-cni.v4/cmd/multus',
    whereabouts: 'github.com/k8snetworkplumbingwg/whereabouts/cmd',
    'host-local': `${CNI}/ipam/host-local`,
    static: `${CNI}/ipam/static`,
    bridge: `${CNI}/main/bridge`,
    ipvlan: `${CNI}/main/ipvlan`,
    'ipvlan-stand-in': './ipvlan-stand-in',
    loopback: `${CNI}/main/loopback`,
    ptp: `${CNI}/main/ptp`,
    tuning: `${CNI}/meta/tuning`,
  },
  sources: ['ipvlan-stand-in/main.go'],
  files: { module: 'github.com/k8snetworkplumbingwg/whereabouts', folder: 'doc/crds' },
};

export const CONTAINER_RUNTIME: GoGroup = {
  name: 'containerd',
  programs: {
    containerd: `${CONTAINERD}/cmd/containerd`,
    'containerd-shim-runc-v2': `${CONTAINERD}/cmd/containerd-shim-runc-v2`,
    ctr: `${CONTAINERD}/cmd/ctr`,
  },
  stamps: { [`${CONTAINERD}/version.Version`]: versionIn('containerd', CONTAINERD) },
};

export const KWOK: GoGroup = {
  name: 'kwok',
  programs: { kwok: 'sigs.k8s.io/kwok/cmd/kwok' },
  files: { module: 'sigs.k8s.io/kwok', folder: 'kustomize/stage' },
};

export const HELM: GoGroup = { name: 'helm', programs: { helm: 'helm.sh/helm/v4/cmd/helm' } };

export const ACTIONLINT: GoGroup = {
  name: 'actionlint',
  programs: { actionlint: 'github.com/rhysd/actionlint/cmd/actionlint' },
};

/** In the order in which they are best built: the largest first. */
export const GO_GROUPS: readonly GoGroup[] = [
  KUBE,
  CONTAINER_RUNTIME,
  CNI_PLUGINS,
  KWOK,
  HELM,
  ACTIONLINT,
];

/** The version of Kubernetes that go.mod pins, such as `v1.36.3`. */
export const kubernetesVersion = KUBERNETES;

/** The folder that go.mod and go.sum of a group are in. */
export function moduleDirectory({ name }: GoGroup): string {
  return join(import.meta.dirname, name);
}

/** Where a group's programs are, or will be. */
export function programDirectory(group: GoGroup): string {
  const names = ['go.mod', 'go.sum', ...(group.sources ?? [])];
  const files = names.map((file) => join(moduleDirectory(group), file));
  return groupDirectory(group.name, files, JSON.stringify([group.programs, group.stamps]));
}

/** The folder of a module's files that the group's programs need. */
export function filesDirectory(group: GoGroup): string {
  return join(programDirectory(group), 'files');
}

/** The names of a group's programs that are yet to be built. */
export function missingPrograms(group: GoGroup, given: ReadonlySet<string>): string[] {
  const directory = programDirectory(group);
  return Object.keys(group.programs).filter(
    (program) => !given.has(program) && !existsSync(join(directory, program)),
  );
}

/** Builds one program of a group, unless it is there. */
export async function buildProgram(
  group: GoGroup,
  program: string,
  onLine?: (line: string) => void,
): Promise<void> {
  const source = group.programs[program];
  if (source === undefined) throw new Error(`${group.name} has no program ${program}`);
  const stamps = Object.entries(group.stamps ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  await makeOnce(join(programDirectory(group), program), async (partial) => {
    const flags = ['-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...stamps].join(' ')];
    await run(['go', 'build', ...flags, '-o', partial, source], {
      cwd: moduleDirectory(group),
      env: { CGO_ENABLED: '0' },
      onLine,
    });
  });
}

/** Copies the files that a group's programs need out of their module, unless they are there. */
export async function copyFiles(group: GoGroup): Promise<void> {
  const { files } = group;
  if (files === undefined) return;
  await makeOnce(filesDirectory(group), async (partial) => {
    const cwd = moduleDirectory(group);
    const from = (await run(['go', 'list', '-m', '-f', '{{.Dir}}', files.module], { cwd })).trim();
    await cp(join(from, files.folder), partial, { recursive: true });
    // The module cache is read-only.
    await run(['chmod', '-R', 'u+w', partial]);
  });
}

function versionIn(group: string, module: string): string {
  const goMod = readFileSync(join(import.meta.dirname, group, 'go.mod'), 'utf8');
  const found = new RegExp(`${module} (v\\S+)`).exec(goMod)?.[1];
  if (found === undefined) throw new Error(`${group}/go.mod does not name ${module}`);
  return found;
}

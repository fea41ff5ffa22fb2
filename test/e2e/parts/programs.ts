import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  ACTIONLINT,
  CNI_PLUGINS,
  CONTAINER_RUNTIME,
  filesDirectory,
  GO_GROUPS,
  type GoGroup,
  HELM,
  KUBE,
  KWOK,
  programDirectory,
} from './go-parts.ts';

/** The programs that envtest's convention gives, if KUBEBUILDER_ASSETS is set. */
const ASSETS = ['etcd', 'kube-apiserver', 'kubectl'];

/** The names of the programs that are taken from KUBEBUILDER_ASSETS. */
export function givenPrograms(): ReadonlySet<string> {
  const directory = process.env.KUBEBUILDER_ASSETS;
  if (!directory) return new Set();
  return new Set(ASSETS.filter((name) => existsSync(join(directory, name))));
}

/** A part is not there. */
export class MissingPart extends Error {
  override readonly name = 'MissingPart';

  constructor(part: string) {
    super(`${part} is not there: npm run e2e:parts gets it`);
  }
}

/**
 * The path of a program.
 *
 * @throws MissingPart if it was not built yet.
 */
export function program(name: string): string {
  const given = givenPrograms().has(name) ? process.env.KUBEBUILDER_ASSETS : undefined;
  const group = GO_GROUPS.find(({ programs }) => name in programs);
  if (group === undefined) throw new Error(`no part is called ${name}`);
  const path = join(given ?? programDirectory(group), name);
  if (!existsSync(path)) throw new MissingPart(name);
  return path;
}

/** The groups whose programs a control plane needs, and those that nodes need beside it. */
export const CONTROL_PLANE_GROUPS: readonly GoGroup[] = [KUBE];
export const NODE_GROUPS: readonly GoGroup[] = [CONTAINER_RUNTIME, CNI_PLUGINS];
export const OTHER_GROUPS: readonly GoGroup[] = [KWOK, HELM, ACTIONLINT];

/** The manifests of whereabouts' CRDs. */
export function whereaboutsCrds(): string[] {
  const directory = existing(filesDirectory(CNI_PLUGINS));
  const files = readdirSync(directory).filter((file) =>
    file.startsWith('whereabouts.cni.cncf.io_'),
  );
  return files.map((file) => join(directory, file));
}

/** A stage of kwok's own, by its path below its folder of them. */
export function kwokStage(path: string): string {
  return existing(join(filesDirectory(KWOK), path));
}

function existing(path: string): string {
  if (!existsSync(path)) throw new MissingPart(path);
  return path;
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import {
  buildProgram,
  CNI_PLUGINS,
  copyFiles,
  filesDirectory,
  type GoGroup,
  KUBE,
  kubernetesVersion,
  missingPrograms,
} from './go-parts.ts';
import { getImages, hasImages } from './images.ts';
import { getMoto, hasMoto } from './moto.ts';
import {
  browserObstacles,
  chromiumPath,
  goObstacles,
  installDebianPackages,
  isRoot,
  missingDebianPackages,
  nodeObstacles,
  type Obstacle,
  pythonObstacles,
} from './preconditions.ts';
import { CONTROL_PLANE_GROUPS, givenPrograms, NODE_GROUPS, OTHER_GROUPS } from './programs.ts';

/** One step towards having all parts. */
export interface Step {
  readonly title: string;
  run(onLine: (line: string) => void): Promise<void>;
}

export interface Plan {
  /** What stands in the way of real nodes: everything but them runs without. */
  readonly noNodes: readonly Obstacle[];
  /** What stands in the way of a browser, as that. */
  readonly noBrowser: readonly Obstacle[];
  /** What stands in the way of other parts. */
  readonly obstacles: readonly Obstacle[];
  /** What can be got, in order; nothing that is there already. */
  readonly steps: readonly Step[];
  /** The titles of the steps that the obstacles stand in the way of. */
  readonly blocked: readonly string[];
}

/** Looks at what is there and what this machine can do. */
export async function planParts(): Promise<Plan> {
  const given = givenPrograms();
  const [noNodes, noBrowser] = await Promise.all([nodeObstacles(), browserObstacles()]);
  const groups = [
    ...CONTROL_PLANE_GROUPS,
    ...(process.platform === 'linux' ? NODE_GROUPS : []),
    ...OTHER_GROUPS,
  ];
  const [go, python] = await Promise.all([
    goObstacles(groups, given),
    hasMoto() ? [] : pythonObstacles(),
  ]);
  const goSteps = groups.flatMap((group) => stepsOf(group, given));
  const motoSteps = hasMoto() ? [] : [{ title: 'Install moto', run: installMoto }];
  const steps = [
    ...(await debianSteps(noNodes.length === 0, noBrowser.length === 0)),
    ...(python.length === 0 ? motoSteps : []),
    ...(noNodes.length === 0 && !hasImages() ? [{ title: 'Make images', run: makeImages }] : []),
    ...(go.length === 0 ? goSteps : []),
  ];
  const blocked = [...(go.length > 0 ? goSteps : []), ...(python.length > 0 ? motoSteps : [])];
  return {
    noNodes,
    noBrowser,
    obstacles: [...(await wrongVersion()), ...go, ...python],
    steps,
    blocked: blocked.map(({ title }) => title),
  };
}

async function installMoto(onLine: (line: string) => void): Promise<void> {
  await getMoto(onLine);
}

async function makeImages(): Promise<void> {
  await getImages();
}

async function debianSteps(forNodes: boolean, forBrowser: boolean): Promise<Step[]> {
  const isWithout = forBrowser && (await chromiumPath()) === undefined;
  const missing = [
    ...(forNodes ? await missingDebianPackages() : []),
    ...(isWithout ? ['chromium'] : []),
  ];
  if (missing.length === 0 || !isRoot) return [];
  return [
    {
      title: `apt-get install ${missing.join(' ')}`,
      run: (onLine) => installDebianPackages(missing, onLine),
    },
  ];
}

function stepsOf(group: GoGroup, given: ReadonlySet<string>): Step[] {
  const steps: Step[] = missingPrograms(group, given).map((program) => ({
    title: `Build ${program}`,
    run: (onLine) => buildProgram(group, program, onLine),
  }));
  if (group.files !== undefined && !existsSync(filesDirectory(group))) {
    steps.push({ title: `Copy the files of ${group.files.module}`, run: () => copyFiles(group) });
  }
  return steps;
}

/** Programs of another version than the rest would fail in ways that say nothing of it. */
async function wrongVersion(): Promise<Obstacle[]> {
  const directory = process.env.KUBEBUILDER_ASSETS;
  if (!directory || !givenPrograms().has('kube-apiserver')) return [];
  const [said = ''] = (await run([join(directory, 'kube-apiserver'), '--version'])).split('\n');
  const version = /v\d+\.\d+/.exec(said)?.[0];
  if (version !== undefined && kubernetesVersion.startsWith(`${version}.`)) return [];
  return [
    {
      what: `KUBEBUILDER_ASSETS (${directory}) has ${said.trim()}, and ${KUBE.name}/go.mod asks for ${kubernetesVersion}`,
      remedy: 'unset KUBEBUILDER_ASSETS, or let setup-envtest fetch that version',
    },
  ];
}

/** The programs that make up a node's /opt/cni/bin. */
export const PLUGINS = Object.keys(CNI_PLUGINS.programs);

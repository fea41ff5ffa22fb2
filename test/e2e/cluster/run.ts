import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { cacheDirectory } from '../parts/cache.ts';
import { isRunning, killAll, type ProcessId, processId, until } from './processes.ts';

const CGROUPS = '/sys/fs/cgroup';
/** The path of a unix socket has at most 107 characters. */
const LONGEST_DIRECTORY = 90;

const processes = z.object({ pid: z.number().int(), startedAt: z.string() });
const state = z.object({ owner: processes, processes: z.array(processes) });
type State = z.infer<typeof state>;

/**
 * What one cluster has of this machine: a folder, processes, cgroups. All bear the run's name, and
 * its folder tells whose they are, so that whoever comes next can clean up after a killed owner.
 */
export interface Run {
  readonly name: string;
  readonly directory: string;
  /** Notes a process, so that it is ended also if this program is killed. */
  record(pid: number): void;
  /** The path of a cgroup of this run, within every hierarchy. */
  cgroup(name: string): string;
  makeCgroup(name: string): void;
  /** Removes one with all below it, once nothing runs in it. */
  removeCgroup(name: string): Promise<void>;
  /** Ends all recorded processes, and removes cgroups and folder. */
  end(): Promise<void>;
}

/** Cleans up after runs whose owner is gone, and begins one. */
export async function beginRun(): Promise<Run> {
  await cleanUp();
  const owner = processId(process.pid);
  if (owner === undefined) throw new Error('there is no /proc: clusters need Linux');
  const name = `meni-${randomBytes(3).toString('hex')}`;
  const directory = join(runsDirectory(), name);
  if (directory.length > LONGEST_DIRECTORY) {
    throw new Error(`${directory} is too long for a unix socket in it: set XDG_CACHE_HOME`);
  }
  const recorded: ProcessId[] = [];
  const save = (folder: string): void => {
    const text = JSON.stringify({ owner, processes: recorded });
    // Whoever cleans up takes a run whose state it can't read for one that nobody owns.
    writeFileSync(`${stateFile(folder)}.new`, text);
    renameSync(`${stateFile(folder)}.new`, stateFile(folder));
  };
  const begun = join(runsDirectory(), `.${name}`);
  mkdirSync(begun, { recursive: true });
  save(begun);
  renameSync(begun, directory);
  return {
    name,
    directory,
    record(pid) {
      const id = processId(pid);
      if (id === undefined) return;
      recorded.push(id);
      save(directory);
    },
    cgroup: (group) => join('/', name, group),
    makeCgroup: (group) => makeCgroup([name, group]),
    removeCgroup: (group) => removeCgroups(join(name, group)),
    end: () => end(name, recorded),
  };
}

/** Ends what is left of runs whose owner was killed. @returns their names. */
export async function cleanUp(): Promise<string[]> {
  const left = runs().filter((name) => {
    const found = readState(name);
    return found === undefined || !isRunning(found.owner);
  });
  for (const name of left) await end(name, readState(name)?.processes ?? []);
  return left;
}

/** The names of the runs that have anything on this machine. */
function runs(): string[] {
  if (!existsSync(runsDirectory())) return [];
  return readdirSync(runsDirectory()).filter((name) => !name.startsWith('.'));
}

function runsDirectory(): string {
  return join(cacheDirectory(), 'runs');
}

function stateFile(directory: string): string {
  return join(directory, 'state.json');
}

function readState(name: string): State | undefined {
  try {
    return state.parse(JSON.parse(readFileSync(stateFile(join(runsDirectory(), name)), 'utf8')));
  } catch {
    return undefined;
  }
}

async function end(name: string, recorded: readonly ProcessId[]): Promise<void> {
  await killAll(recorded);
  await removeCgroups(name);
  await rm(join(runsDirectory(), name), { recursive: true, force: true, maxRetries: 5 });
}

/** The cgroup hierarchies: one per controller and `unified` (version 1), or one (version 2). */
function hierarchies(): string[] {
  if (existsSync(join(CGROUPS, 'cgroup.controllers'))) return [CGROUPS];
  return readdirSync(CGROUPS).map((name) => join(CGROUPS, name));
}

function makeCgroup(path: readonly string[]): void {
  for (const hierarchy of hierarchies().filter((each) => !each.endsWith('/unified'))) {
    let parent = hierarchy;
    for (const part of path) {
      const group = join(parent, part);
      delegateControllers(parent);
      mkdirSync(group, { recursive: true });
      initialiseCpuset(parent, group);
      parent = group;
    }
    delegateControllers(parent);
  }
}

/** Version 2: what a cgroup's children may control; a controller that can't be had is left out. */
function delegateControllers(group: string): void {
  const available = join(group, 'cgroup.controllers');
  if (!existsSync(available)) return;
  for (const controller of readFileSync(available, 'utf8').trim().split(' ')) {
    try {
      writeFileSync(join(group, 'cgroup.subtree_control'), `+${controller}`);
    } catch {}
  }
}

/** Version 1: a new cpuset has neither processors nor memory. */
function initialiseCpuset(parent: string, group: string): void {
  if (existsSync(join(parent, 'cgroup.controllers'))) return;
  for (const file of ['cpuset.cpus', 'cpuset.mems'].filter((name) =>
    existsSync(join(parent, name)),
  )) {
    writeFileSync(join(group, file), readFileSync(join(parent, file)));
  }
}

async function removeCgroups(path: string): Promise<void> {
  // runc makes them in `unified` too. One with processes in it can't be removed yet, and somebody
  // else may be removing the same.
  const remove = () => hierarchies().map((hierarchy) => removeTree(join(hierarchy, path)));
  await until(() => remove().every(Boolean), `the cgroups of ${path} to be empty`);
}

/** @returns whether nothing is left. */
function removeTree(group: string): boolean {
  if (!existsSync(group)) return true;
  try {
    const files = readdirSync(group, { withFileTypes: true });
    const children = files.filter((each) => each.isDirectory());
    if (!children.map(({ name }) => removeTree(join(group, name))).every(Boolean)) return false;
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}

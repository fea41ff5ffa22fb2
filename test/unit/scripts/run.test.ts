import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const LOCK = JSON.stringify({
  packages: {
    '': { name: 'project' },
    'node_modules/needed': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/other-platform': { version: '1.0.0', integrity: 'sha512-b', optional: true },
  },
});
const INSTALLED = JSON.stringify({
  packages: { 'node_modules/needed': { version: '1.0.0', integrity: 'sha512-a' } },
});

/** A project with the launcher in it, and an `npm` that installs as `npmScript` says. */
interface Project {
  readonly root: string;
  setNpm(script: string): Promise<void>;
  start(...command: string[]): Run;
  run(...command: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
}
type Run = ReturnType<typeof spawn>;

async function createProject(): Promise<Project> {
  const root = await temporaryFolder();
  await Promise.all(['bin', 'scripts'].map((folder) => mkdir(join(root, folder))));
  await cp(join(ROOT, 'scripts/run.mjs'), join(root, 'scripts/run.mjs'));
  await writeFile(join(root, 'package-lock.json'), LOCK);
  // As elsewhere an old Node is first on PATH, so here is a stand-in that must not be run.
  await writeFile(join(root, 'bin/node'), '#!/bin/sh\necho old node\n', { mode: 0o755 });
  const start = (...command: string[]): Run =>
    spawn(process.execPath, [join(root, 'scripts/run.mjs'), ...command], {
      env: { PATH: `${join(root, 'bin')}:/usr/bin:/bin`, EXEC_PATH: process.execPath },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  return {
    root,
    setNpm: (script) => writeFile(join(root, 'bin/npm'), `#!/bin/sh\n${script}\n`, { mode: 0o755 }),
    start,
    run: async (...command) => {
      const child = start(...command);
      const [stdout, stderr, code] = await Promise.all([
        child.stdout === null ? '' : text(child.stdout),
        child.stderr === null ? '' : text(child.stderr),
        new Promise<number | null>((done) => child.on('close', done)),
      ]);
      return { code, stdout, stderr };
    },
  };
}

/** A shell script that does what `npm install` does, in the folder it is called in. */
const INSTALL = [
  'echo "npm $1 on $(command -v node)" >> calls; echo added packages',
  'mkdir -p node_modules/node/bin node_modules/.bin',
  'ln -sf "$EXEC_PATH" node_modules/node/bin/node',
  `echo '${INSTALLED}' > node_modules/.package-lock.json`,
].join('\n');

let project: Project;
beforeEach(async () => {
  project = await createProject();
  await project.setNpm(INSTALL);
});
const calls = (): Promise<string> => readFile(join(project.root, 'calls'), 'utf8').catch(() => '');

describe('on a fresh clone', () => {
  test('the packages are installed, then the command runs on the project’s Node', async () => {
    const { code, stdout, stderr } = await project.run('node', '-p', '6 * 7');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '42\n' });
    expect(stderr).toContain('npm install');
    expect(await calls()).toBe(`npm install on ${project.root}/bin/node\n`);
  });

  test('a failed install is told, and nothing is run', async () => {
    await project.setNpm('echo no network >&2; exit 7');
    const { code, stdout, stderr } = await project.run('node', '-p', '6 * 7');
    expect({ code, stdout }).toEqual({ code: 7, stdout: '' });
    expect(stderr).toContain('no network');
  });

  test('an install that left out a package is told, and nothing is run', async () => {
    await project.setNpm(INSTALL.replace('sha512-a', 'sha512-wrong'));
    expect(await project.run('node', '-p', '6 * 7')).toMatchObject({ code: 1, stdout: '' });
  });
});

describe('once installed', () => {
  beforeEach(async () => {
    await project.run('node', '-e', '');
    await rm(join(project.root, 'calls'));
  });

  test('nothing is installed again, and nothing is added to the output', async () => {
    expect(await project.run('node', '-p', '6 * 7')).toEqual({
      code: 0,
      stdout: '42\n',
      stderr: '',
    });
    expect(await calls()).toBe('');
  });

  test.each([
    ['a package changed its version', LOCK.replace('1.0.0', '2.0.0')],
    ['a package was added', LOCK.replace('"node_modules/needed"', '"node_modules/new":{},$&')],
  ])('the packages are installed again after %s', async (_what, lock) => {
    await writeFile(join(project.root, 'package-lock.json'), lock);
    await project.run('node', '-e', '');
    expect(await calls()).not.toBe('');
  });

  test('the packages are installed again after an install that was interrupted', async () => {
    await rm(join(project.root, 'node_modules/.package-lock.json'));
    expect(await project.run('node', '-e', '')).toMatchObject({ code: 0 });
    expect(await calls()).not.toBe('');
  });

  test('the command’s tools come from the project', async () => {
    const tool = join(project.root, 'node_modules/.bin/tool');
    await symlink('/bin/echo', tool);
    expect(await project.run('tool', 'with', '--json')).toMatchObject({ stdout: 'with --json\n' });
  });

  test('the command’s exit code is the launcher’s', async () => {
    expect(await project.run('node', '-e', 'process.exit(7)')).toMatchObject({ code: 7 });
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s reaches the command', async (signal) => {
    const child = project.start(
      'node',
      '-e',
      `process.on('${signal}', () => process.exit(5)); setInterval(() => {}, 1000); console.log('up')`,
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    const code = new Promise((done) => child.on('exit', done));
    child.stdout?.once('data', () => child.kill(signal));
    expect(await code).toBe(5);
  });

  test('a command that a signal ended gives 128 and the signal’s number', async () => {
    const end = "process.kill(process.pid, 'SIGTERM')";
    expect(await project.run('node', '-e', end)).toMatchObject({ code: 143 });
  });

  test('a command that does not exist is named', async () => {
    const { code, stderr } = await project.run('no-such-tool');
    expect(code).toBe(127);
    expect(stderr).toContain('no-such-tool');
  });
});

test('every npm script starts with the launcher, in the place of the shell that npm signals', async () => {
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  for (const script of Object.values(manifest.scripts)) {
    expect(script).toMatch(/^exec node scripts\/run\.mjs /);
  }
});

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IMAGE, STAGE } from '../../../scripts/image/description.ts';
import { stageImage } from '../../../scripts/image/stage.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** `[instruction, rest]`, continued lines joined and comments left out. */
async function dockerfile(): Promise<readonly (readonly [string, string])[]> {
  const text = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  return text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, instruction = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
      return [instruction, rest.replaceAll(/\s+/g, ' ')] as const;
    });
}

describe('the Dockerfile', () => {
  test('makes the image that is described', async () => {
    const [, ...instructions] = (await dockerfile()).filter(([name]) => name !== 'ARG');
    expect(instructions).toEqual([
      [
        'RUN',
        `apt-get update && apt-get install --yes --no-install-recommends ${IMAGE.packages.join(' ')} ` +
          '&& cp /bin/ping /usr/local/bin/ping && rm /bin/ping ' +
          '&& rm -rf /var/lib/apt/lists/*',
      ],
      ['COPY', `${STAGE}${IMAGE.workingDirectory}/ ${IMAGE.workingDirectory}/`],
      ['WORKDIR', IMAGE.workingDirectory],
      ['USER', IMAGE.user],
      ['ENTRYPOINT', JSON.stringify(IMAGE.entrypoint)],
      ['CMD', JSON.stringify(IMAGE.command).replaceAll(',', ', ')],
    ]);
  });

  test('has a base of Node 24, pinned by its digest in the Dockerfile itself, where Dependabot moves it', async () => {
    const instructions = await dockerfile();
    const digest = /^docker\.io\/library\/node:24(\.\d+)*-[a-z]+-slim@sha256:[0-9a-f]{64}$/;
    expect(instructions[0]).toEqual(['FROM', expect.stringMatching(digest)]);
    expect(instructions.filter(([name]) => name === 'FROM')).toHaveLength(1);
  });

  test('is built from the staged files alone', async () => {
    expect(await readFile(join(ROOT, '.dockerignore'), 'utf8')).toBe(`*\n!${STAGE}\n`);
  });
});

describe('what is staged for the image', () => {
  let folder: string;
  beforeAll(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'image-')), 'root');
    await stageImage(folder);
    // Two bundles, on a machine that may be busy.
  });
  afterAll(() => rm(join(folder, '..'), { recursive: true, force: true }));

  const run = promisify(execFile);
  const start = (program: string, ...args: readonly string[]) =>
    run(process.execPath, [join(folder, '/app', program), ...args], {
      env: { NODE_OPTIONS: process.env.NODE_OPTIONS },
    });

  test('has the files that are described, and no other', async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const paths = files.map(({ parentPath, name }) => join('/', parentPath, name));
    expect(paths.sort()).toEqual(IMAGE.files.map(({ path }) => join(folder, path)));
    for (const { path, mode } of IMAGE.files) {
      expect((await stat(join(folder, path))).mode & 0o777, path).toBe(mode);
    }
  });

  test('has a forwarder that runs with nothing beside it, and says what it is not told', async () => {
    await expect(start('forwarder.js')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('QUEUE_URL: '),
    });
  });

  test('has an ip-manager that runs with nothing beside it', async () => {
    const { stdout } = await start('ip-manager.js', '--help');
    for (const command of ['initContainers', 'sidecar', 'wait']) expect(stdout).toContain(command);
  });

  test('has the script that the guide’s charts call', async () => {
    const script = await readFile(join(folder, '/app/script.sh'), 'utf8');
    expect(script).toMatch(/^#!\/bin\/sh\n/);
    expect(script).toContain('/app/ip-manager.js "$@"');
  });
});

test('`npm run image` says what it would have run if no container engine answers', async () => {
  const args = ['scripts/image/main.ts', '--tag', 'a:1', '--', '--push'];
  const env = { PATH: '', NODE_OPTIONS: process.env.NODE_OPTIONS };
  await expect(
    promisify(execFile)(process.execPath, args, { cwd: ROOT, env }),
  ).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/docker: .*ENOENT(.|\n)*docker build --tag a:1 --push \./),
  });
});

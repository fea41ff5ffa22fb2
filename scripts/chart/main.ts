/** `npm run chart`: writes the files of deploy/chart that are made of others. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { chartFiles } from './files.ts';

const DEPLOY = resolve(import.meta.dirname, '../../deploy');

for (const [path, text] of chartFiles(DEPLOY)) {
  const file = join(DEPLOY, 'chart', path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

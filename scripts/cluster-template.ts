/** `npm run cluster-template`: writes deploy/cluster/template.yml, the stack of one cluster. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import { clusterTemplate } from '../resources/cluster-stack.ts';

const FILE = resolve(import.meta.dirname, '../deploy/cluster/template.yml');

await mkdir(dirname(FILE), { recursive: true });
await writeFile(
  FILE,
  `# Written by \`npm run cluster-template\`. docs/clusters.md says how a cluster joins by it.\n${stringify(
    clusterTemplate(),
    // CloudFormation reads YAML 1.1, to which OFF is no text.
    { lineWidth: 0, aliasDuplicateObjects: false, version: '1.1' },
  )}`,
);

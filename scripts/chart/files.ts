import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { describedValues, valuesSchema } from './values.ts';

/** What the chart has of deploy/base: all but the namespace, which is the release's. */
const MANIFESTS = [
  'eni-ledger',
  'functions-rbac',
  'operators-rbac',
  'pod-status-policy',
  'forwarder-rbac',
  'forwarder',
  'network-policy',
];

/**
 * The files of deploy/chart that are made of others, by their path there. The manifests are copies
 * and no links: links are lost where a chart is packed by Flux
 * (https://github.com/fluxcd/flux2/issues/4088).
 *
 * @param deploy the folder `deploy`.
 */
export function chartFiles(deploy: string): ReadonlyMap<string, string> {
  const read = (path: string): string => readFileSync(join(deploy, path), 'utf8');
  return new Map([
    ...MANIFESTS.map((name): [string, string] => [
      `base/${name}.yaml`,
      `# Written by \`npm run chart\`: deploy/base/${name}.yaml, word for word.\n${read(`base/${name}.yaml`)}`,
    ]),
    ['values.schema.json', formatted(valuesSchema())],
    ['README.md', readme(deploy, read)],
  ]);
}

/** JSON as the formatter of this repository leaves it: short lists are on one line. */
function formatted(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2).replaceAll(
    /\[\s+([^[\]{}]*?)\s+\]/g,
    (_, list: string) => `[${list.replaceAll(/\s+/g, ' ')}]`,
  );
  return `${text}\n`;
}

function readme(deploy: string, read: (path: string) => string): string {
  const values = parse(read('chart/values.yaml'));
  const rows = describedValues().map(
    ([path, about]) => `| \`${path}\` | ${defaultOf(values, path)} | ${about} |`,
  );
  const examples = readdirSync(join(deploy, 'chart/examples'))
    .toSorted()
    .map((file) => {
      const [title = '', ...yaml] = read(`chart/examples/${file}`).split('\n');
      const text = yaml.join('\n').trim();
      return `[${file}](examples/${file}): ${title.replace(/^# /, '')}\n\n\`\`\`yaml\n${text}\n\`\`\``;
    });
  return [
    '<!-- Written by `npm run chart`. -->',
    '# The chart',
    'The forwarder of one cluster, and what it and the functions may do there: the manifests of',
    '[deploy/base](../base), with what a release is free to choose.',
    '',
    '```',
    'helm upgrade --install multus-eni-reconciler deploy/chart \\',
    '  --namespace multus-eni-reconciler --create-namespace --values <file>',
    '```',
    '',
    '## Values',
    '',
    'What is a list or a map is added to what the manifests have, and does not replace it. Unknown keys',
    'and wrong values are refused by `values.schema.json`.',
    '',
    '| value | default | what it is |',
    '|---|---|---|',
    ...rows,
    '',
    '## Examples',
    '',
    examples.join('\n\n'),
    '',
  ]
    .join('\n')
    .replace('# The chart\n', '\n# The chart\n\n')
    .replaceAll('(#the-forwarder)', '(../../docs/reference/settings.md#the-forwarder)');
}

function defaultOf(values: unknown, path: string): string {
  let value = values;
  for (const key of path.split('.')) value = z.record(z.string(), z.unknown()).parse(value)[key];
  const isEmpty =
    value === '' || (typeof value === 'object' && Object.keys(Object(value)).length === 0);
  const needed = ['clusterName', 'queueUrl', 'region', 'image.repository'].includes(path);
  if (needed) return 'required';
  return isEmpty ? 'none' : `\`${String(value)}\``;
}

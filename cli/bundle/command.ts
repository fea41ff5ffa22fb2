import { gzipSync } from 'node:zlib';
import { problemsOf } from '../../shared/plan/verdict.ts';
import { type Look, unlessRefused } from '../access/access.ts';
import { driftIn } from '../drift/command.ts';
import { EXIT } from '../exit-code.ts';
import { explainPod } from '../explain/pod.ts';
import { jsonText, type Output } from '../output.ts';
import type { StatusSources } from '../status/command.ts';
import { statusOf } from '../status/command.ts';
import { rowsOf } from '../view/rows.ts';
import { instant, rangeText } from '../view/text.ts';
import { readView, type View } from '../view/view.ts';
import { writePrivately } from '../write-file.ts';
import { indexPage } from './page.ts';
import { pseudonyms, redacted } from './redact.ts';
import { tar } from './tar.ts';

export interface BundleOptions {
  /** Where it is written. */
  readonly file: string;
  /** Names and addresses are replaced. */
  readonly redact: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Everything that helps somebody else to help, as one archive with a page that names what is in it.
 *
 * @returns the exit code.
 * @throws BadInput if it cannot be written; Failed if the cluster or EC2 cannot be read.
 */
export async function bundleCommand(
  look: Look,
  sources: StatusSources,
  { file, redact, environment }: BundleOptions,
  output: Output,
): Promise<number> {
  const { access } = look;
  const view = await unlessRefused(access.cluster, () => readView(access, output.progress));
  const status = await statusOf(look, sources, output);
  const names = redact ? pseudonyms(view) : new Map<string, string>();
  const files = new Map(
    Object.entries(contentsOf(look, view, status)).map(([name, value]) => {
      const shown = redact ? redacted(value, names) : value;
      return [`${name}.json`, withoutSecrets(jsonText(shown), environment)];
    }),
  );
  const title = `multus-eni, ${instant(view.readAt)}`;
  const page = indexPage(title, files, files.get('about.json') ?? '');
  const archive = gzipSync(tar(new Map([['index.html', page], ...files]), view.readAt));
  await writePrivately(file, archive);
  const list = ['index.html', ...files.keys()];
  output.result({ file, files: list, bytes: archive.length, redacted: redact });
  output.line(`Wrote ${file}: ${list.join(', ')}.`);
  if (!redact) output.line('It has names and addresses; --redact replaces them.');
  return EXIT.ok;
}

function contentsOf(look: Look, view: View, status: object): Readonly<Record<string, object>> {
  const { access, config, region } = look;
  const { bounds, policy, ec2 } = access;
  const troubled = new Set(
    [...view.nodes.values()].flatMap(({ drift }) => problemsOf(drift).map(({ pod }) => pod.uid)),
  );
  return {
    about: {
      cluster: view.cluster,
      region: config?.region ?? region,
      node: process.version,
      readAt: instant(view.readAt),
      missing: view.missing,
      policy,
      managedTag: `${ec2.managedTag.key}=${ec2.managedTag.value}`,
      ranges: bounds?.map(rangeText),
      ofStage: config !== undefined,
    },
    status,
    drift: driftIn(view),
    nodes: [...view.nodes].map(([name, node]) => ({
      node: name,
      instanceId: node.state.instanceId,
      limits: node.state.limits,
      enis: node.state.enis.map(({ prefixes, ...eni }) => {
        return { ...eni, prefixes: prefixes.map(rangeText) };
      }),
      addresses: rowsOf(name, node),
      toReconcile: node.drift.toReconcile,
    })),
    networks: [...view.state.networks.byName.values()].map(({ ranges, ...network }) => {
      return { ...network, ranges: ranges.map(rangeText) };
    }),
    pods: view.allPods
      .filter(({ uid }) => troubled.has(uid))
      .map((pod) => explainPod(view, pod, undefined)),
  };
}

const SECRET = /SECRET|TOKEN|PASSWORD|ACCESS_KEY/i;
/**
 * A shorter value is no secret, and it may be part of other words, which replacing it would spoil.
 */
const SHORTEST_SECRET = 8;

/** No secret is collected. Should one get into a text all the same, it is taken out. */
function withoutSecrets(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const secrets = Object.entries(environment).flatMap(([name, value = '']) =>
    SECRET.test(name) && value.length >= SHORTEST_SECRET ? [value] : [],
  );
  const without = secrets.reduce((so, secret) => so.replaceAll(secret, '(removed)'), text);
  return without.replace(/k8s-aws-v1\.[\w-]+|Bearer [\w.~+/-]+=*/g, '(removed)');
}

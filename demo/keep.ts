import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { STAGE } from '../sandbox/aws.ts';
import { startSchedule } from '../sandbox/lambda/schedule.ts';
import { serveMap } from './map.ts';
import { setScene } from './scene.ts';
import type { DemoStage } from './stage.ts';

const SWEEP_TIMEOUT_MS = 120_000;

/** How any client gets at what was left running. */
export interface Kept {
  /** Path of a kubeconfig. */
  readonly kubeconfig: string;
  /** Path of what functions and forwarder log, a line each. */
  readonly log: string;
  /** The URL of the map, for browsers on this machine. */
  readonly map: string;
  /** The stage that Lambda and CloudWatch know the functions by. */
  readonly stage: string;
  /** Of each AWS service that the product asks, by its name in `AWS_ENDPOINT_URL_<NAME>`, in small letters. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly region: string;
  readonly cluster: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly instanceId: string;
    readonly enis: readonly {
      readonly id: string;
      readonly deviceIndex: number;
      readonly mac: string;
      /** Its CIDR block. */
      readonly subnet: string;
    }[];
  }[];
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}

/** Goes on with all that runs, the sweep on its schedule, and writes a kubeconfig for others. */
export async function keep(stage: DemoStage, resources: AsyncDisposableStack): Promise<Kept> {
  const { cluster, folder, product, sweep, world } = stage;
  // Nodes of real parts have their own Multus, and give out addresses as they will.
  if (cluster.exec === undefined) await setScene(stage);
  const schedule = startSchedule({
    rateMs: sweep.everyMs,
    handler: { ...product.sweep, invoke: () => product.sweep.invoke(sweep.input) },
    timeoutMs: SWEEP_TIMEOUT_MS,
  });
  resources.defer(() => schedule.stop());
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, cluster.kubeconfig, { mode: 0o600 });
  const log = join(folder, 'log.jsonl');
  await writeFile(log, product.log.map((line) => `${line}\n`).join(''));
  let written = Promise.resolve();
  product.onLog((line) => {
    written = written.then(() => appendFile(log, `${line}\n`)).catch(() => undefined);
  });
  const { subnets } = world.ec2.snapshot();
  const map = resources.adopt(
    await serveMap(['--stage', STAGE, '--cluster', cluster.name], {
      ...world.environment,
      KUBECONFIG: kubeconfig,
    }),
    (each) => each.stop(),
  );
  return {
    kubeconfig,
    log,
    map: map.url,
    stage: STAGE,
    endpoints: endpointsOf(world.environment),
    region: world.ec2.region,
    cluster: cluster.name,
    nodes: [cluster.workers.first, cluster.workers.second].map(({ name, instanceId, enis }) => ({
      name,
      instanceId,
      enis: enis.map(({ id, deviceIndex, mac, subnetId }) => {
        return { id, deviceIndex, mac, subnet: subnets.get(subnetId)?.ipv4.cidr ?? subnetId };
      }),
    })),
    queueUrl: world.queue.url,
    deadLetterQueueUrl: world.deadLetterQueue.url,
  };
}

const ENDPOINT = 'AWS_ENDPOINT_URL_';

/** The account's environment names every service: a service that it left out would be the real one. */
function endpointsOf(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment)
      .filter(([name]) => name.startsWith(ENDPOINT))
      .map(([name, url]) => [name.slice(ENDPOINT.length).toLowerCase(), url]),
  );
}

/** Those by which the command line and the SDKs see nothing but this account. */
function variables(
  { endpoints, region }: Kept,
  environment: Readonly<Record<string, string>>,
): string[] {
  return [
    `AWS_REGION=${region}`,
    'AWS_EC2_METADATA_DISABLED=true',
    `AWS_ACCESS_KEY_ID=${environment.AWS_ACCESS_KEY_ID}`,
    `AWS_SECRET_ACCESS_KEY=${environment.AWS_SECRET_ACCESS_KEY}`,
    ...Object.entries(endpoints).map(
      ([service, endpoint]) => `AWS_ENDPOINT_URL_${service.toUpperCase()}=${endpoint}`,
    ),
  ];
}

/** What to type in another terminal. */
export function keptText(kept: Kept, environment: Readonly<Record<string, string>>): string {
  const { kubeconfig, log, map, queueUrl, region, stage } = kept;
  return [
    '',
    'Everything runs on, and the sweep every minute, until Ctrl-C or SIGTERM. Where everything is:',
    '',
    `  ${map}`,
    '',
    'In another terminal:',
    '',
    `  export KUBECONFIG=${kubeconfig}`,
    '  kubectl get pods -o wide',
    '  kubectl describe pod sampleapp',
    '  kubectl get events --sort-by=.lastTimestamp',
    '',
    'What functions and forwarder log:',
    '',
    `  tail -f ${log}`,
    '',
    'What an operator sees, in the folder of this repository:',
    '',
    `  export ${variables(kept, environment).join(' \\\n    ')}`,
    `  npm run multus-eni -- explain pod default/sampleapp --stage ${stage}`,
    `  npm run multus-eni -- explain ip 172.16.1.70 --stage ${stage}`,
    `  npm run multus-eni -- status --stage ${stage}`,
    `  npm run multus-eni -- doctor --stage ${stage}`,
    `  npm run multus-eni -- replay list --stage ${stage}`,
    '',
    'And with any other client, in the same terminal (the AWS CLI 2.13 and boto3 1.28 read these endpoints too):',
    '',
    `  export AWS_DEFAULT_REGION=${region}`,
    '  aws ec2 describe-network-interfaces',
    '  aws ec2 describe-subnets',
    `  aws eks describe-cluster --name ${kept.cluster}`,
    '  aws sts get-caller-identity',
    '  aws sqs get-queue-attributes --attribute-names All \\',
    `    --queue-url ${queueUrl}`,
    '',
    'What is there and what is not: sandbox/README.md',
    '',
  ].join('\n');
}

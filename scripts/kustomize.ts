/**
 * `npm run kustomize -- <cluster> [--stage prod] [--image <image>]`: writes
 * deploy/overlays/<cluster>/kustomization.yaml from the outputs of the deployed stack. Region and
 * stack are those of config/<stage>.yml.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { Command } from 'commander';
import { onlyStage, readStage } from '../config/read.ts';
import { idOf, stackName } from '../resources/names.ts';
import { requestLimits } from '../shared/aws-calls.ts';
import { clusterIn, overlay } from './overlay.ts';
import { stackOutputs } from './stack-outputs.ts';

const ROOT = resolve(import.meta.dirname, '..');
const LIMITS = { connectMs: 3_000, requestMs: 10_000 };

interface Options {
  readonly stage?: string;
  readonly output?: string;
  readonly image?: string;
  readonly root: string;
}

async function writeOverlay(cluster: string, options: Options): Promise<void> {
  const { image, output, root, stage = onlyStage(root) } = options;
  const { region } = readStage(root, stage);
  const cloudFormation = new CloudFormationClient({
    region,
    requestHandler: requestLimits(LIMITS),
  });
  const outputs = await outputsFor(cloudFormation, stage, cluster);
  const folder = output ?? join(root, 'deploy/overlays', cluster);
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'kustomization.yaml');
  await writeFile(file, overlay(clusterIn(outputs, cluster), image));
  const shown = relative(process.cwd(), file);
  console.log(`Wrote ${shown}. Apply it with: kubectl apply -k ${relative(process.cwd(), folder)}`);
}

/** Of the cluster's own stack, where it joined by one; else of the account's. */
async function outputsFor(
  cloudFormation: CloudFormationClient,
  stage: string,
  cluster: string,
): Promise<ReadonlyMap<string, string>> {
  const ofAccount = await stackOutputs(cloudFormation, stackName(stage));
  const key = `Cluster${idOf(cluster)}`;
  if (ofAccount.has(key)) return ofAccount;
  const own = await stackOutputs(cloudFormation, `${stackName(stage)}-${cluster}`).catch(
    () => undefined,
  );
  const text = own?.get('Cluster');
  return text === undefined ? ofAccount : new Map([[key, text]]);
}

const program = new Command('kustomize')
  .description('writes the overlay of a cluster from the outputs of the deployed stack')
  .argument('<cluster>', 'the cluster, as the configuration names it')
  .option('--stage <stage>', 'the deployed stage (default: the only one in config/)')
  .option('--image <image>', "the forwarder's image, name:tag or name@digest")
  .option('--output <folder>', 'where to (default: deploy/overlays/<cluster>)')
  .option('--root <folder>', 'the folder that holds config/ and deploy/', ROOT)
  .action(writeOverlay);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`kustomize: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

import { join } from 'node:path';
import { CommandFailed } from '../parts/command.ts';
import { whereaboutsCrds } from '../parts/programs.ts';
import { type Api, Refused } from './api.ts';
import { until } from './processes.ts';

type Kubectl = (args: readonly string[]) => Promise<string>;

const BASE = join(import.meta.dirname, 'base.yaml');

/** Applies what a cluster with Multus has from the start, and waits until pods can be made. */
export async function applyBase(
  kubectl: Kubectl,
  api: Api,
  { withNodes }: { readonly withNodes: boolean },
): Promise<void> {
  const manifests = [BASE, ...(withNodes ? whereaboutsCrds() : [])];
  const files = manifests.map((file) => `--filename=${file}`);
  await kubectl(['create', '--validate=ignore', ...files]);
  await until(() => served(api), 'the network attachment definitions to be served');
  // The controller-manager makes it, and pods are refused before.
  const account = { namespace: 'default', name: 'default' };
  const admitted = async () => (await api.find('serviceaccounts', account)) !== undefined;
  await until(admitted, 'the default service account');
}

/** A new kind is not there at first, and then, for a moment, "storage is (re)initializing". */
async function served(api: Api): Promise<boolean> {
  try {
    await api.list('network-attachment-definitions');
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

/** Whether kubectl's command succeeds. */
export async function succeeds(command: Promise<string>): Promise<boolean> {
  try {
    await command;
    return true;
  } catch (error) {
    if (error instanceof CommandFailed) return false;
    throw error;
  }
}

import { join } from 'node:path';
import { CommandFailed } from '../parts/command.ts';
import { whereaboutsCrds } from '../parts/programs.ts';
import { until } from './processes.ts';

type Kubectl = (args: readonly string[]) => Promise<string>;

const BASE = join(import.meta.dirname, 'base.yaml');
const NETWORKS = 'network-attachment-definitions.k8s.cni.cncf.io';

/** Applies what a cluster with Multus has from the start, and waits until pods can be made. */
export async function applyBase(
  kubectl: Kubectl,
  { withNodes }: { readonly withNodes: boolean },
): Promise<void> {
  const manifests = [BASE, ...(withNodes ? whereaboutsCrds() : [])];
  await kubectl(['create', ...manifests.map((file) => `--filename=${file}`)]);
  await kubectl(['wait', '--for=condition=Established', `crd/${NETWORKS}`, '--timeout=30s']);
  // "storage is (re)initializing", the API server may say for a moment more.
  const networks = ['get', NETWORKS, '--all-namespaces'];
  await until(() => succeeds(kubectl(networks)), 'the network attachment definitions');
  // The controller-manager makes it, and pods are refused before.
  const account = ['get', 'serviceaccount', 'default', '--namespace=default'];
  await until(() => succeeds(kubectl(account)), 'the default service account');
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

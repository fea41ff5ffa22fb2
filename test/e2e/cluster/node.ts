import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import type { Ec2 } from '../../../sandbox/ec2/engine.ts';
import type { NetworkInterface } from '../../../sandbox/ec2/model.ts';
import type { Worker } from '../../../sandbox/worker.ts';
import { imagesArchive } from '../parts/images.ts';
import { PLUGINS } from '../parts/plan.ts';
import { programPath } from '../parts/preconditions.ts';
import { MissingPart, program } from '../parts/programs.ts';
import { succeeds } from './base.ts';
import { flagsOf } from './flags.ts';
import { copyStore, importImages } from './image-store.ts';
import type { Ipvlan } from './ipvlan.ts';
import { type Daemon, type Followed, type NamespaceMachine, startMachine } from './machine.ts';
import { routerOf } from './network.ts';
import {
  containerdConfig,
  kubeletConfig,
  MULTUS_KUBECONFIG,
  mountScript,
  multusConfig,
  WHEREABOUTS_PATH,
  whereaboutsConfig,
} from './node-files.ts';
import { type Part, partOf } from './part.ts';
import { until } from './processes.ts';
import type { Run } from './run.ts';
import type { PluggedEni, Vpc } from './vpc.ts';

const KUBELET_HEALTH = ['busybox', 'wget', '-q', '-O', '-', 'http://127.0.0.1:10248/healthz'];

/** A worker with a kubelet, a container runtime and Multus, in namespaces of its own. */
export interface RealNode {
  readonly name: string;
  readonly worker: Worker;
  /** Where this machine finds the node's root folder; another one after each boot. */
  readonly root: string;
  readonly kubelet: Part;
  readonly containerd: Part;
  /** Runs a command on the node. @returns its output. */
  run(command: readonly string[]): Promise<string>;
  /** Starts one that runs until it is interrupted, as by Ctrl-C. */
  follow(command: readonly string[]): Followed;
  /** As when the machine fails: everything on it ends, nobody is told. */
  powerOff(): Promise<void>;
  /** What was on its disk is there afterwards; nothing runs but what the kubelet starts. */
  reboot(): Promise<void>;
}

export interface NodeOptions {
  readonly run: Run;
  readonly ec2: Ec2;
  readonly worker: Worker;
  /** From 1; unique in the cluster. */
  readonly number: number;
  readonly instanceType: string;
  /** What its containerd has from the beginning, in the place of our own images. */
  readonly imageStore?: string;
  readonly controlPlane: NamespaceMachine;
  readonly vpc: Vpc;
  readonly ipvlan: Ipvlan;
  readonly kubeletKubeconfig: string;
  readonly multusKubeconfig: string;
}

/** Boots a node, up to a healthy kubelet: whether the node is ready, the API server knows. */
export async function startNode(options: NodeOptions): Promise<RealNode> {
  const { run, ec2, worker, vpc, number } = options;
  const directory = join(run.directory, `node-${number}`);
  const enis = worker.enis.map(({ id }) => ec2.eni(id)).map((eni) => pluggedEni(ec2, eni));
  const address = enis[0]?.address.replace(/\/.*/, '') ?? '';
  await writeDisk(options, directory, address);
  let machine = await boot(options, directory, enis);
  const containerd = containerdOf(directory, () => machine);
  const kubelet = kubeletOf(options, directory, address, () => machine);
  await containerd.start();
  if (options.imageStore === undefined) await machine.run(importImages(imagesArchive()));
  await kubelet.start();

  const powerOff = async (): Promise<void> => {
    for (const { id } of enis) vpc.unplug(id);
    await machine.powerOff();
    await Promise.all([kubelet.kill(), containerd.kill()]);
    // As a reboot does; the kubelet waits for the containers of cgroups that it finds.
    await run.removeCgroup(machine.name);
  };
  return {
    name: worker.name,
    worker,
    get root() {
      return machine.root;
    },
    kubelet,
    containerd,
    run: (command) => machine.run(command),
    follow: (command) => machine.follow(command),
    powerOff,
    async reboot() {
      await powerOff();
      machine = await boot(options, directory, enis);
      await containerd.start();
      await kubelet.start();
    },
  };
}

/** What is on the node's disk before it boots for the first time. */
async function writeDisk(options: NodeOptions, directory: string, address: string): Promise<void> {
  const { run, ec2, worker, number, imageStore } = options;
  const runc = await programPath('runc');
  if (runc === undefined) throw new MissingPart('runc');
  writeFiles(directory, {
    'etc/upper/cni/net.d/00-multus.conf': multusConfig(`10.244.${number}.0/24`),
    [`etc/upper${MULTUS_KUBECONFIG.slice(4)}`]: options.multusKubeconfig,
    [`etc/upper${WHEREABOUTS_PATH.slice(4)}`]: whereaboutsConfig,
    'etc/upper/cni/multus/net.d/.keep': '',
    'containerd.toml': containerdConfig(runc),
    'kubelet.kubeconfig': options.kubeletKubeconfig,
    'kubelet.json': kubeletConfig({
      address,
      providerId: `aws:///${zoneOf(ec2)}/${worker.instanceId}`,
      cgroup: run.cgroup(`node-${number}`),
    }),
  });
  installPlugins(join(directory, 'opt/upper/cni/bin'), options.ipvlan);
  if (imageStore !== undefined) await copyStore(imageStore, join(directory, 'containerd'));
}

function containerdOf(directory: string, machine: () => NamespaceMachine): Part {
  // It looks for its shim in PATH.
  const PATH = `${dirname(program('containerd-shim-runc-v2'))}:${process.env.PATH}:/usr/sbin:/sbin`;
  const command = [program('containerd'), '--config', join(directory, 'containerd.toml')];
  return partOf(
    () => machine().start('containerd', command, { PATH }),
    (daemon) => {
      const { name, root } = machine();
      const listens = () => accepts(join(root, 'run/containerd/containerd.sock'));
      return healthy(`containerd of ${name}`, daemon, listens);
    },
  );
}

function kubeletOf(
  { ec2, worker, instanceType }: NodeOptions,
  directory: string,
  address: string,
  machine: () => NamespaceMachine,
): Part {
  const labels = [
    `node.kubernetes.io/instance-type=${instanceType}`,
    `topology.kubernetes.io/zone=${zoneOf(ec2)}`,
  ];
  const flags = {
    config: join(directory, 'kubelet.json'),
    kubeconfig: join(directory, 'kubelet.kubeconfig'),
    'hostname-override': worker.name,
    'node-ip': address,
    'node-labels': labels.join(','),
  };
  return partOf(
    () => machine().start('kubelet', [program('kubelet'), ...flagsOf(flags)]),
    (daemon) => {
      const { name, run } = machine();
      return healthy(`the kubelet of ${name}`, daemon, () => succeeds(run(KUBELET_HEALTH)));
    },
  );
}

function zoneOf({ region }: Ec2): string {
  return `${region}a`;
}

/** Makes the node's machine, with its network. */
async function boot(
  { run, worker, number, controlPlane, vpc }: NodeOptions,
  directory: string,
  enis: readonly PluggedEni[],
): Promise<NamespaceMachine> {
  run.makeCgroup(`node-${number}`);
  const machine = await startMachine(run, `node-${number}`, mountScript(worker.name, directory));
  await machine.network('sysctl -qw net.ipv4.ip_forward=1');
  for (const eni of enis) {
    if (eni.interfaceName !== 'eth0') await vpc.plug(machine, eni);
    else await plugIntoControlPlane(machine, controlPlane, eni, number);
  }
  return machine;
}

/** eth0 is the VPC CNI's, and leads to the control plane and to the other nodes' default network. */
async function plugIntoControlPlane(
  machine: NamespaceMachine,
  controlPlane: NamespaceMachine,
  { interfaceName, mac, address, gateway }: PluggedEni,
  number: number,
): Promise<void> {
  const link = `node${number}`;
  const [ip] = address.split('/');
  await controlPlane.network(`ip link del ${link} 2>/dev/null || true`);
  await machine.network(`
    ip link add ${interfaceName} address ${mac} type veth peer name ${link} netns ${controlPlane.pid}
    ip link set ${interfaceName} up
    ip addr add ${address} dev ${interfaceName}
    ip route add default via ${gateway}`);
  await controlPlane.network(`
    ip link set ${link} master br0 up
    ip addr replace ${gateway}/32 dev br0
    ip route replace ${ip}/32 dev br0
    ip route replace 10.244.${number}.0/24 via ${ip} dev br0`);
}

function pluggedEni(ec2: Ec2, eni: NetworkInterface): PluggedEni {
  const router = routerOf(ec2, eni.subnetId);
  return {
    id: eni.id,
    interfaceName: `eth${eni.attachment?.deviceIndex}`,
    mac: eni.mac,
    address: `${eni.primary}/${router.length}`,
    gateway: router.address,
  };
}

function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o600 });
  }
}

function installPlugins(directory: string, ipvlan: Ipvlan): void {
  mkdirSync(directory, { recursive: true });
  for (const plugin of PLUGINS.filter((name) => name !== 'ipvlan-stand-in')) {
    const isStandIn = plugin === 'ipvlan' && ipvlan === 'stand-in';
    const target = join(directory, plugin);
    copyFileSync(program(isStandIn ? 'ipvlan-stand-in' : plugin), target);
    chmodSync(target, 0o755);
  }
}

/** Waits until a daemon is as it should be. @throws Error with its log if it ends before. */
async function healthy(
  what: string,
  daemon: Daemon,
  isHealthy: () => Promise<boolean>,
): Promise<void> {
  await until(() => {
    if (!daemon.running) throw new Error(`${what} ended: ${daemon.log().slice(-2000)}`);
    return isHealthy();
  }, `${what} to answer`);
}

/** Whether somebody listens at a Unix socket. */
function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

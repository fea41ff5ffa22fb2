import { PAUSE_IMAGE } from '../parts/images.ts';

/* The configuration of what runs on a node. If it departs from an EKS node's, a comment says why. */

export interface KubeletOptions {
  readonly address: string;
  readonly providerId: string;
  readonly cgroup: string;
}

/** KubeletConfiguration, JSON. */
export function kubeletConfig({ address, providerId, cgroup }: KubeletOptions): string {
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address,
    healthzBindAddress: '127.0.0.1',
    // Only the control plane is in its network.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    providerID: providerId,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroup,
    failCgroupV1: false,
    failSwapOn: false,
    makeIPTablesUtilChains: false,
    oomScoreAdj: 0,
    // Only so that pods draw no MissingClusterDNS event.
    clusterDNS: ['10.96.0.10'],
    resolvConf: '',
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'nodefs.inodesFree': '1%',
    },
    // So that a lost node is noticed within seconds (defaults: 10 s, 40 s).
    nodeStatusUpdateFrequency: '2s',
    // What has not changed since; its Lease says that the node lives.
    nodeStatusReportFrequency: '1m',
    nodeLeaseDurationSeconds: 8,
    shutdownGracePeriod: '0s',
  });
}

/** containerd's configuration, version 3. */
export function containerdConfig(runc: string): string {
  const disabled = [
    'io.containerd.nri.v1.nri',
    'io.containerd.internal.v1.tracing',
    ...['btrfs', 'zfs', 'devmapper', 'blockfile', 'erofs'].map(
      (name) => `io.containerd.snapshotter.v1.${name}`,
    ),
  ];
  const cri = 'io.containerd.cri.v1';
  return `version = 3
oom_score = 0
disabled_plugins = ${JSON.stringify(disabled)}

[plugins.'${cri}.images']
  snapshotter = "overlayfs"
  [plugins.'${cri}.images'.pinned_images]
    sandbox = "${PAUSE_IMAGE}"

[plugins.'${cri}.runtime']
  # Containers without CAP_SYS_RESOURCE can't lower a score.
  restrict_oom_score_adj = true
  disable_apparmor = true
  drain_exec_sync_io_timeout = "5s"
  [plugins.'${cri}.runtime'.cni]
    bin_dirs = ["/opt/cni/bin"]
    conf_dir = "/etc/cni/net.d"
    max_conf_num = 1
  [plugins.'${cri}.runtime'.containerd]
    default_runtime_name = "runc"
    [plugins.'${cri}.runtime'.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins.'${cri}.runtime'.containerd.runtimes.runc.options]
        BinaryName = "${runc}"
        SystemdCgroup = false
`;
}

export const MULTUS_KUBECONFIG = '/etc/cni/net.d/multus.kubeconfig';

/** Multus's CNI configuration. In the place of the VPC CNI: ptp with host-local on `podCidr`. */
export function multusConfig(podCidr: string): string {
  return JSON.stringify({
    cniVersion: '1.0.0',
    name: 'multus-cni-network',
    type: 'multus',
    kubeconfig: MULTUS_KUBECONFIG,
    confDir: '/etc/cni/multus/net.d',
    cniDir: '/var/lib/cni/multus',
    binDir: '/opt/cni/bin',
    logFile: '/var/log/multus.log',
    logLevel: 'verbose',
    capabilities: { portMappings: true },
    delegates: [
      {
        cniVersion: '1.0.0',
        name: 'aws-cni',
        type: 'ptp',
        ipMasq: false,
        mtu: 1500,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: podCidr }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  });
}

/** Where whereabouts looks for its configuration, and that. */
export const WHEREABOUTS_PATH = '/etc/cni/net.d/whereabouts.d/whereabouts.conf';
export const whereaboutsConfig = JSON.stringify({
  datastore: 'kubernetes',
  kubernetes: { kubeconfig: MULTUS_KUBECONFIG },
  reconciler_cron_expression: '30 4 * * *',
});

/** What the kubelet insists on (pkg/kubelet/cm, setupKernelTunables), by its path in /proc/sys. */
const TUNABLES = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

/**
 * Shell commands that give a node's mount namespace file systems of its own, kept in `directory`.
 *
 * The kernel's tunables are the whole machine's: the kubelet finds files with the values that it
 * wants in their place, and changes nothing. Sharing the mounts comes last: earlier, the umount
 * would spread to /sys/fs/cgroup.
 */
export function mountScript(hostname: string, directory: string): string {
  const overlays = ['etc', 'opt', 'var/lib', 'var/log'].map((path) => {
    const own = `${directory}/${path.replace('/', '-')}`;
    const layers = `lowerdir=/${path},upperdir=${own}/upper,workdir=${own}/work`;
    return `mkdir -p ${own}/upper ${own}/work; mount -t overlay -o ${layers} overlay /${path}`;
  });
  // What has mounts and overlays of its own must not lie on one.
  const plain = ['kubelet', 'containerd', 'cni'].map(
    (name) =>
      `mkdir -p ${directory}/${name} /var/lib/${name}; mount --bind ${directory}/${name} /var/lib/${name}`,
  );
  const tunables = Object.entries(TUNABLES).map(([path, value]) => {
    const file = `${directory}/sys/${path.replaceAll('/', '-')}`;
    return `echo ${value} > ${file}; mount --bind ${file} /proc/sys/${path}`;
  });
  return [
    `hostname ${hostname}`,
    `mkdir -p ${directory}/cgroup ${directory}/sys`,
    // The sysfs of this network namespace, with the cgroups that are there.
    `mount --rbind /sys/fs/cgroup ${directory}/cgroup`,
    'mount -t sysfs sysfs /sys',
    `mount --rbind ${directory}/cgroup /sys/fs/cgroup`,
    `umount -l ${directory}/cgroup`,
    'mount -t tmpfs tmpfs /run; mkdir -p /run/netns /run/lock',
    ...overlays,
    ...plain,
    ...tunables,
    'mount --make-rshared /',
  ].join('\n');
}

/**
 * What can be wrong with a network, by a code that stays: what it means, and what to do.
 * test/e2e/probe.test.ts produces each of them on real nodes.
 */
export const FAILURES = {
  'pod-not-started': {
    means: 'A pod of the probe does not run.',
    fix: 'Correct what is said: the image (--image), what the scheduler or the CNI plugin refuses, or choose other nodes (--nodes).',
  },
  'not-attached': {
    means: 'The pod runs without the network: Multus did not attach it.',
    fix: 'See that Multus runs on the node before pods do (deploy/startup-taint), then try again.',
  },
  'not-assigned': {
    means:
      'The address is on no ENI as far as the reconciler has told: the VPC delivers nothing to it.',
    fix: 'multus-eni status says whether forwarder and functions work; multus-eni doctor finds a missing tag.',
  },
  'no-room': {
    means:
      'The ENI takes no further address, the network has none left to give, or no node has room.',
    fix: 'Spread the pods, lengthen the range, use a larger instance type, or free addresses that are foreign (multus-eni drift).',
  },
  'duplicate-address': {
    means: 'Somebody else has the address that the pod was given.',
    fix: 'Give each node a range of its own (host-local), use whereabouts, or remove who has it: multus-eni explain ip.',
  },
  'link-down': {
    means: "The pod's interface has no carrier: the master, the ENI's device on the node, is down.",
    fix: 'Bring it up on the node (ip link set ethN up), and at each boot: AL2023 leaves an ENI with no_manage down that was attached after boot (amazon-eks-ami 2180).',
  },
  'no-interface': {
    means: 'The pod has no interface of the name that network-status tells of.',
    fix: 'See the log of Multus and of the CNI plugin on the node.',
  },
  'gateway-unreachable': {
    means: 'The gateway does not answer to ping.',
    fix: 'Name the first address of the subnet as the gateway, and see that the security group of the ENI lets ICMP out.',
  },
  'wrong-route': {
    means:
      'Packets from the address leave by another interface: the VPC drops what comes from an ENI that has not the address.',
    fix: "Give the pods a route by the network's own interface: routes of its ipam, or a longer prefix.",
  },
  'peer-unreachable': {
    means: 'Nothing comes to the other pod.',
    fix: 'Let the security groups of the ENIs and the network ACLs of the subnets pass traffic between the nodes; a route table must lead from subnet to subnet.',
  },
  'port-filtered': {
    means: 'The other pod answers to ping, and the probe’s UDP packets do not get there.',
    fix: 'Let the security groups of the ENIs pass UDP port 20177, or all traffic among themselves.',
  },
  'reply-lost': {
    means: 'The other pod gets the packets, and its answers do not come back.',
    fix: 'Let the network ACLs of both subnets pass the way back too: answers go from UDP port 20177 to the ports of clients (1024-65535).',
  },
  'rp-filter': {
    means:
      'The kernel drops what comes in, as the way back leads by another interface (rp_filter is strict).',
    fix: "Give the pods a route back by the network's own interface (routes of its ipam). rp_filter 2 alone only moves the loss to the way back.",
  },
  mtu: {
    means: 'Long packets get lost, while short ones arrive: connections open, and stand still.',
    fix: 'Give all masters one MTU, or set the mtu of the NetworkAttachmentDefinition to what arrives.',
  },
  'not-tried': {
    means: 'The pod could not try it, or did not say.',
    fix: 'Give it more time (--timeout). Where the log cannot be read, let the nodes be reached at port 10250.',
  },
} as const;

export type FailureCode = keyof typeof FAILURES;

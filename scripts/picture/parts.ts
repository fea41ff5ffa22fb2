import type { Picture } from './draw.ts';

/** The parts and what goes between them. `npm run picture` draws it as docs/parts.svg. */
export const PARTS: Picture = {
  width: 1000,
  height: 520,
  title: 'The parts of multus-eni-reconciler',
  description:
    'In each cluster Multus writes what a Multus pod is attached to, and the forwarder, which watches the ' +
    'pods, sends a message that names the node into a FIFO queue with a group for each node. The ' +
    'Lambda function reconcile reads the ENIs from EC2, then the Node and its pods from the API ' +
    'server, decides, unassigns and assigns addresses in EC2, and tells the pod by its condition ' +
    'and by Events. The function sweep compares all nodes and sends a message for each that ' +
    'drifts. What cannot be done goes to a dead-letter queue, from which an operator replays it.',
  groups: [
    { title: 'Each EKS cluster', x: 20, y: 20, width: 330, height: 480 },
    { title: 'AWS account and Region', x: 470, y: 20, width: 510, height: 480 },
  ],
  boxes: [
    {
      title: 'Multus pod',
      lines: ['net1 on eth1, net2 on eth2'],
      ...{ x: 60, y: 60, width: 250, height: 60 },
    },
    {
      title: 'API server',
      lines: ['pods, Nodes,', 'NetworkAttachmentDefinitions'],
      ...{ x: 60, y: 200, width: 250, height: 76 },
    },
    {
      title: 'forwarder',
      lines: ['one of its replicas sends'],
      ...{ x: 60, y: 340, width: 250, height: 60 },
    },
    {
      title: 'EC2',
      lines: ['ENIs of the workers'],
      ...{ x: 510, y: 60, width: 250, height: 60 },
    },
    {
      title: 'reconcile (Lambda)',
      lines: ['read, decide, act,', 'report, confirm'],
      ...{ x: 510, y: 200, width: 250, height: 76 },
    },
    {
      title: 'queue (SQS FIFO)',
      lines: ['a message group for each node'],
      ...{ x: 510, y: 340, width: 220, height: 60 },
    },
    {
      title: 'sweep (Lambda)',
      lines: ['compares all nodes', 'with EC2'],
      ...{ x: 810, y: 332, width: 150, height: 76 },
    },
    {
      title: 'dead-letter queue',
      lines: [],
      ...{ x: 510, y: 452, width: 220, height: 36 },
    },
  ],
  arrows: [
    {
      path: [
        [185, 120],
        [185, 200],
      ],
      label: 'Multus writes\nnetwork-status',
      ...{ at: [195, 155], anchor: 'start' },
    },
    {
      path: [
        [185, 276],
        [185, 340],
      ],
      label: 'watch pods',
      ...{ at: [195, 312], anchor: 'start' },
    },
    {
      path: [
        [310, 370],
        [510, 370],
      ],
      label: 'look at\nthis node',
      ...{ at: [410, 346], anchor: 'middle' },
    },
    {
      path: [
        [620, 340],
        [620, 276],
      ],
      label: 'one reconcile of\na node at a time',
      ...{ at: [630, 306], anchor: 'start' },
    },
    {
      path: [
        [585, 120],
        [585, 200],
      ],
      label: 'Describe',
      ...{ at: [575, 164], anchor: 'end' },
    },
    {
      path: [
        [665, 200],
        [665, 120],
      ],
      label: 'Unassign, Assign',
      ...{ at: [675, 164], anchor: 'start' },
    },
    {
      path: [
        [310, 222],
        [510, 222],
      ],
      label: 'Node, pods',
      ...{ at: [410, 214], anchor: 'middle' },
    },
    {
      path: [
        [510, 254],
        [310, 254],
      ],
      label: 'condition,\nEvents',
      ...{ at: [410, 272], anchor: 'middle' },
    },
    {
      path: [
        [510, 90],
        [310, 90],
      ],
      label: 'traffic reaches\nthe pod',
      ...{ at: [410, 66], anchor: 'middle' },
      dashed: true,
    },
    {
      path: [
        [810, 370],
        [730, 370],
      ],
      label: 'nodes\nthat drift',
      ...{ at: [770, 346], anchor: 'middle' },
    },
    {
      path: [
        [885, 270],
        [885, 332],
      ],
      label: 'every few minutes',
      ...{ at: [885, 260], anchor: 'middle' },
    },
    {
      path: [
        [590, 400],
        [590, 452],
      ],
      label: 'cannot\nbe done',
      ...{ at: [582, 422], anchor: 'end' },
    },
    {
      path: [
        [650, 452],
        [650, 400],
      ],
      label: 'replay',
      ...{ at: [660, 430], anchor: 'start' },
    },
  ],
};

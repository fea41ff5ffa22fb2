import { CreateSubnetCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import type { Check } from '../../conformance/check.ts';
import { CHECKS } from '../../conformance/facts/index.ts';
import { type Run, runChecks } from '../../conformance/run-checks.ts';
import { hurriedClock } from '../unit/conformance/lab-bed.ts';
import { type Moto, startMoto } from './moto.ts';
import { MOTO_CREDENTIALS } from './moto-clients.ts';
import { pythonTools } from './python-tools.ts';

const ANY_ADDRESS = 'it gives an ENI whatever it is asked for';
const BY_PRIMARY = 'it finds an ENI by its primary address alone';
const NO_LOOK = 'it does not look at what is on the ENI';
/** In what moto 5.2 is not as EC2 is, and why: what it will do one day is to be taken from here. */
const DIFFERS: Readonly<Record<string, string>> = {
  'filter-address': BY_PRIMARY,
  'filter-address-vpc': BY_PRIMARY,
  'filter-200-values': 'it has no limit for the values of a filter',
  'assign-outside': ANY_ADDRESS,
  'assign-reserved-first': ANY_ADDRESS,
  'assign-reserved-last': ANY_ADDRESS,
  'assign-elsewhere': ANY_ADDRESS,
  'assign-elsewhere-list': ANY_ADDRESS,
  'assign-primary': ANY_ADDRESS,
  'assign-other-subnet': ANY_ADDRESS,
  'move-by-reassignment': 'it leaves a moved address on both ENIs',
  'move-primary': ANY_ADDRESS,
  'unassign-absent': NO_LOOK,
  'unassign-primary': NO_LOOK,
};
/** Without the state of its IPv6 block a subnet has none. */
const NO_IPV6_STATE = 'DescribeSubnets shows IPv6 blocks without their state';

let moto: Moto;
let run: Run;

const vpc = z.object({ Vpc: z.object({ VpcId: z.string() }) });
const subnet = z.object({ Subnet: z.object({ SubnetId: z.string() }) });

beforeAll(async () => {
  moto = await startMoto((await pythonTools())('moto_server'));
  const { endpoint } = moto;
  const clientOf = (maxAttempts: number) =>
    new EC2Client({ region: 'us-east-1', endpoint, credentials: MOTO_CREDENTIALS, maxAttempts });
  const client = clientOf(3);
  const made = await client.send(new CreateVpcCommand({ CidrBlock: '172.16.0.0/16' }));
  const { VpcId } = vpc.parse(made).Vpc;
  const addSubnet = async (CidrBlock: string, Ipv6CidrBlock: string): Promise<string> => {
    const command = new CreateSubnetCommand({ VpcId, CidrBlock, Ipv6CidrBlock });
    return subnet.parse(await client.send(command)).Subnet.SubnetId;
  };
  run = await runChecks({
    clients: { client, once: clientOf(1) },
    // Its reads do not lag behind: there is nothing to wait for.
    clock: hurriedClock(),
    subnetId: await addSubnet('172.16.1.0/24', '2001:db8:0:1::/64'),
    secondSubnetId: await addSubnet('172.16.3.0/24', '2001:db8:0:3::/64'),
    drain: false,
  });
});

afterAll(() => moto?.stop());

test('moto differs where it is known to, and nowhere else', () => {
  const seen = new Map(run.results.map(({ id, verdict, seen }) => [id, { verdict, seen }]));
  const differing = run.results.filter(({ verdict }) => verdict === 'differs').map(({ id }) => id);
  expect(differing, JSON.stringify([...seen], null, 1)).toEqual(Object.keys(DIFFERS));
});

test('all is tried but IPv6, and what empties token buckets, which moto does not have', () => {
  const notMade = run.results.filter(({ verdict }) => verdict === 'not made').map(({ id }) => id);
  const isMissing = ({ id, drains }: Check): boolean => drains === true || id.includes('ipv6');
  expect(notMade, NO_IPV6_STATE).toEqual(CHECKS.filter(isMissing).map(({ id }) => id));
});

test('nothing is left there', () => {
  expect(run.after.left).toEqual([]);
  expect(run.after.removed.length).toBeGreaterThan(0);
});

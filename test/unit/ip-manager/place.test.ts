import { expect, test } from 'vitest';
import { assignAddresses } from '../../../ip-manager/assign/assign-addresses.ts';
import { instanceEc2 } from '../../../ip-manager/assign/ec2-access.ts';
import { REGION } from '../../../sandbox/aws.ts';
import { address } from '../shared/plan/fixtures.ts';
import { eniOf, outsideOf, startBed } from './bed.ts';

test('an address goes to the subnet whose IPv6 block came while the program runs', async () => {
  const bed = await startBed();
  const worker = bed.addWorker();
  const { clock, environment, ec2Clients } = outsideOf(bed, worker);
  const instance = { instanceId: worker.instanceId, region: REGION };
  const ec2 = instanceEc2(ec2Clients(REGION), instance, environment, clock);
  const assign = async (...texts: string[]) => {
    const addresses = texts.map((text) => ({ address: address(text), interface: 'net1' }));
    const signal = AbortSignal.timeout(60_000);
    const { done, notOurs } = await assignAddresses(ec2, addresses, new Set(), signal);
    return [done.map(({ eni }) => eni.id), notOurs.map((each) => each.address)];
  };
  const [x, y] = ['2600:1f18:1111:3::70', '2600:1f18:1111:3::71'];
  expect(await assign(x, y, '10.88.0.5')).toEqual([[], [x, y, '10.88.0.5']]);

  bed.ec2.associateIpv6(bed.subnets.multus2, '2600:1f18:1111:3::/64');
  bed.ec2.calls.clear();
  const eth2 = eniOf(worker, 2).id;
  expect(await assign(x, y, '10.88.0.5')).toEqual([[eth2, eth2], ['10.88.0.5']]);
  expect(bed.ec2.calls.counts()).toMatchObject({ DescribeSubnets: 1 });
});

import { describe, expect, it } from 'vitest';
import { confirmReleased, StillShownError } from '../../../../shared/apply/confirm-released.ts';
import { address } from '../plan/fixtures.ts';
import { startApplyBed } from './bed.ts';

const X = '172.16.1.70';

/** An address was released from worker A's ENI. */
async function startReleased(released = X) {
  const bed = await startApplyBed();
  const { a, access, clock, drive, ec2 } = bed;
  await bed.give(a.eth1, released);
  clock.advance(60_000);
  await bed.take(a.eth1, released);
  ec2.calls.clear();
  const placements = [{ address: address(released), eniId: a.eth1 }];
  const see = () => drive(confirmReleased(access, a, placements));
  const reads = () => ec2.calls.counts().DescribeNetworkInterfaces ?? 0;
  return { ...bed, reads, see };
}

describe('what was released', () => {
  it('is seen to be gone with one read', async () => {
    const { reads, see } = await startReleased();
    await see();
    expect(reads()).toBe(1);
  });

  it.each([
    ['IPv4', X],
    ['IPv6', '2001:db8:0:1::70'],
  ])('is looked at again until EC2’s view has settled: %s', async (_, released) => {
    const { clock, ec2, reads, see } = await startReleased(released);
    ec2.setStaleness({ kind: 'time', ms: 250 });
    const before = clock.now();
    await see();
    expect(reads()).toBe(3);
    expect(clock.now() - before).toBe(300);
  });

  it('and is still shown after some seconds fails the reconcile, naming where', async () => {
    const { a, ec2, see } = await startReleased();
    ec2.setStaleness({ kind: 'versions', back: 1 });
    const error = await see().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StillShownError);
    expect(String(error)).toContain(`cluster demo, node node-a: EC2 still shows ${X} on ${a.eth1}`);
  });

  it('may be on another ENI by then', async () => {
    const { a, give, see } = await startReleased();
    await give(a.eth2, X);
    await expect(see()).resolves.toBeUndefined();
  });
});

it('nothing released is not read back', async () => {
  const { a, access, ec2 } = await startReleased();
  await confirmReleased(access, a, []);
  expect(ec2.calls.all()).toEqual([]);
});

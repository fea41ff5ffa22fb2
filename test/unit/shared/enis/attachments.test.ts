import { describe, expect, it } from 'vitest';
import { assertAttached } from '../../../../shared/apply/attached.ts';
import { StalePodsError } from '../../../../shared/apply/release.ts';
import { rememberedAttachments } from '../../../../shared/enis/attachments.ts';
import { DEFAULT_MANAGED_TAG, type Ec2 } from '../../../../shared/enis/ec2.ts';
import { eniInventory } from '../../../../shared/enis/inventory.ts';

const [A, B] = ['i-0aaaaaaaaaaaaaaaa', 'i-0bbbbbbbbbbbbbbbb'];
const EARLIER = new Date('2026-01-01T00:00:00Z');
const LATER = new Date('2026-01-01T00:10:00Z');

interface Shown {
  readonly InstanceId: string;
  readonly AttachTime?: Date;
  readonly Status?: string;
}

/** An inventory of one ENI, whose reads show these attachments one after the other. */
function startInventory(...shown: readonly (Shown | undefined)[]) {
  const views = shown.values();
  const ec2: Ec2 = {
    send: async () => ({
      NetworkInterfaces: [
        {
          NetworkInterfaceId: 'eni-1',
          VpcId: 'vpc-1',
          SubnetId: 'subnet-1',
          Attachment: views.next().value,
        },
      ],
    }),
  };
  const inventory = eniInventory(ec2, DEFAULT_MANAGED_TAG);
  const read = async () => {
    const [eni] = await inventory.managed();
    if (eni === undefined) throw new Error('no ENI');
    return eni;
  };
  return { inventory, read };
}

describe('an ENI whose addresses are to be released', () => {
  it('is the one of the instance that the last read shows', async () => {
    const { inventory, read } = startInventory({ InstanceId: A, AttachTime: EARLIER });
    const eni = await read();
    expect(() => assertAttached(inventory, eni, A)).not.toThrow();
    expect(() => assertAttached(inventory, eni, B)).toThrow(StalePodsError);
  });

  it('is not if any read has shown a newer attachment, also one that came before', async () => {
    const later = { InstanceId: B, AttachTime: LATER };
    const earlier = { InstanceId: A, AttachTime: EARLIER };
    const { inventory, read } = startInventory(later, earlier, later);
    await read();
    const stale = await read();
    expect(() => assertAttached(inventory, stale, A)).toThrow(/eni-1 is attached to i-0bbb/);
    const current = await read();
    expect(() => assertAttached(inventory, current, B)).not.toThrow();
  });

  it.each(['detaching', 'detached'])('is not one that has been seen %s', async (Status) => {
    const attached = { InstanceId: A, AttachTime: EARLIER, Status: 'attached' };
    const { inventory, read } = startInventory({ ...attached, Status }, attached);
    for (const eni of [await read(), await read()]) {
      expect(() => assertAttached(inventory, eni, A)).toThrow(StalePodsError);
    }
  });

  it('is one that came back to the same instance', async () => {
    const left = { InstanceId: A, AttachTime: EARLIER, Status: 'detaching' };
    const { inventory, read } = startInventory(left, { InstanceId: A, AttachTime: LATER });
    await read();
    const eni = await read();
    expect(() => assertAttached(inventory, eni, A)).not.toThrow();
  });

  it('is one of which EC2 does not say since when it is attached', async () => {
    const { inventory, read } = startInventory({ InstanceId: A });
    const eni = await read();
    expect(() => assertAttached(inventory, eni, A)).not.toThrow();
  });

  it('may be detached, if no pods rest on its instance', async () => {
    const { inventory, read } = startInventory({ InstanceId: A, AttachTime: EARLIER }, undefined);
    await read();
    const eni = await read();
    expect(() => assertAttached(inventory, eni, undefined)).not.toThrow();
    expect(() => assertAttached(inventory, eni, A)).toThrow(StalePodsError);
  });
});

it('attachments are remembered of those ENIs that were seen last', () => {
  const attachments = rememberedAttachments();
  const attachment = { instanceId: A, at: 0, leaving: false };
  for (let index = 0; index < 20_002; index += 1) {
    attachments.saw(`eni-${index}`, attachment);
    attachments.saw('eni-0', attachment);
  }
  expect(attachments.newestOf('eni-0')).toEqual(attachment);
  expect(attachments.newestOf('eni-1')).toBeUndefined();
  expect(attachments.newestOf('eni-20001')).toEqual(attachment);
});

import { AssignPrivateIpAddressesCommand, EC2Client } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { CREDENTIALS } from '../../sandbox/aws.ts';
import { check, until } from '../expect.ts';
import { demoRows } from '../rows.ts';
import type { DemoStage } from '../stage.ts';
import { eniOf, type Step, untilQueueIsEmpty, untilRows } from '../step.ts';

/** In the subnet, and outside .70 to .80. */
const FOREIGN = '172.16.1.200';

const sweepLine = z.object({
  message: z.literal('swept'),
  clusters: z.tuple([
    z.object({
      missing: z.number(),
      leaked: z.number(),
      foreign: z.number(),
      foreignAddresses: z.array(z.string()),
    }),
  ]),
});

export const swept: Step = {
  name: 'forwarder down, a pod deleted, an address added by hand: the sweep repairs and reports',
  async run(stage) {
    const { kubectl, product, sweep, workers } = stage;
    const eni = eniOf(workers.first, 1).id;
    await product.stopForwarder();
    await untilQueueIsEmpty(stage);
    await kubectl.deletePod('sampleapp-dual');
    await untilRows(stage, 'sampleapp-dual', []);
    await stage.byHand(() => assignByHand(stage, eni));
    const leaked = (await demoRows(stage)).filter(({ pod }) => pod === '-');
    const addresses = leaked.map(({ address }) => address);
    check('addresses that no pod has', ['172.16.1.71', FOREIGN, '172.16.3.70'], addresses);

    await product.sweep.invoke(sweep.input);
    await until('what the sweep found', { missing: 0, leaked: 2, foreign: 1 }, () => {
      const { missing = 0, leaked = 0, foreign = 0 } = reported(product.log) ?? {};
      return { missing, leaked, foreign };
    });
    await until('addresses that no pod has', [FOREIGN], async () =>
      (await demoRows(stage)).filter(({ pod }) => pod === '-').map(({ address }) => address),
    );
    const [line = ''] = reported(product.log)?.foreignAddresses ?? [];
    check('the foreign address is named', true, line.startsWith(`${FOREIGN} on ${eni}`));
    await product.startForwarder();
    await untilQueueIsEmpty(stage);
    return ['172.16.1.71 and 172.16.3.70 were released. Reported and left alone:', line];
  },
};

async function assignByHand({ world }: DemoStage, eni: string): Promise<void> {
  const { environment } = world;
  const client = new EC2Client({
    region: environment.AWS_REGION,
    endpoint: world.ec2.endpoint,
    credentials: CREDENTIALS,
  });
  const input = { NetworkInterfaceId: eni, PrivateIpAddresses: [FOREIGN] };
  await client.send(new AssignPrivateIpAddressesCommand(input));
  client.destroy();
}

/** The last sweep's summary of the one cluster. */
function reported(log: readonly string[]) {
  return log
    .filter((line) => line.includes('"swept"'))
    .map((line) => sweepLine.parse(JSON.parse(line)).clusters[0])
    .at(-1);
}

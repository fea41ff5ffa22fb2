import { describe, expect, test } from 'vitest';
import { ROLE_ARN } from '../../../sandbox/aws.ts';
import { configureStage } from '../../../sandbox/world.ts';
import { installedBed, look } from './doctor-bed.ts';

/** A stage whose configuration names the table `bookings`. */
async function booking() {
  const bed = await installedBed();
  const { world } = bed.bed;
  const EC2_BUDGET = JSON.stringify({ writers: 4, table: 'bookings' });
  configureStage(world, { ...world.environment, EC2_BUDGET });
  return { bed, world };
}

describe('of the table in which calls are booked doctor finds', () => {
  test('ME512: that it is not there, until it is', async () => {
    const { bed, world } = await booking();
    const { codes, text } = await look(bed);
    expect(codes).toEqual(['ME512']);
    expect(text).toContain('us-east-1 has no table bookings in this account');
    world.dynamoDb.tables.create('bookings', 'action');
    expect((await look(bed)).codes).toEqual([]);
  });

  test('ME512: that its key is another one', async () => {
    const { bed, world } = await booking();
    world.dynamoDb.tables.create('bookings', 'id');
    const { codes, text } = await look(bed);
    expect(codes).toEqual(['ME512']);
    expect(text).toContain('the key of the table bookings is id (S), not action (S)');
  });

  test('ME507: that the role of reconcile may not write to it', async () => {
    const { bed, world } = await booking();
    world.dynamoDb.tables.create('bookings', 'action');
    world.iam.decideBy(({ action }) => action !== 'dynamodb:UpdateItem');
    const { codes, text } = await look(bed);
    expect(codes).toEqual(['ME507']);
    expect(text).toContain(
      `${ROLE_ARN} may not dynamodb:UpdateItem on arn:aws:dynamodb:us-east-1:111122223333:table/bookings`,
    );
  });
});

describe("of a stage whose clusters do not share EC2's calls doctor finds", () => {
  test('ME305: from four queues on, each execution counts with too few; and not, once they book', async () => {
    const bed = await installedBed();
    const { world } = bed.bed;
    const join = (cluster: string) =>
      world.lambda.setMapping({
        ...{ functionName: 'multus-eni-reconciler-demo-reconcile', maximumConcurrency: 4 },
        queueArn: `${world.queue.arn}-${cluster}`,
      });
    world.lambda.setConcurrency(100);
    join('a');
    join('b');
    expect((await look(bed)).codes).toEqual([]);
    join('c');
    const { codes, text } = await look(bed);
    expect(codes).toEqual(['ME305']);
    expect(text).toContain(
      "4 queues have up to 16 executions, and each takes 1/4 of EC2's calls to be its own",
    );
    const EC2_BUDGET = JSON.stringify({ writers: 4, table: 'bookings' });
    configureStage(world, { ...world.environment, EC2_BUDGET });
    world.dynamoDb.tables.create('bookings', 'action');
    expect((await look(bed)).codes).toEqual([]);
  });
});

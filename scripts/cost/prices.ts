/** What AWS charges for one unit of something. */
export interface Price {
  readonly dollars: number;
  /** As a price list writes it, such as `0.50 / million`. */
  readonly per: string;
  /** The service's price list, under https://aws.amazon.com/. */
  readonly source: string;
}

/** When the price lists were read. They change rarely, and mostly down. */
export const READ_ON = '2026-06';
/** Whose prices they are. Other Regions' are up to a third higher. */
export const PRICES_OF = 'us-east-1';

const MILLION = 1_000_000;

function price(dollars: number, units: number, unit: string, source: string): Price {
  return { dollars: dollars / units, per: `${dollars} / ${unit}`, source };
}

/** List prices without free tiers, which are the account's and not the product's. */
export const PRICES = {
  alarmMetric: price(0.1, 1, 'metric of an alarm', 'cloudwatch/pricing'),
  customMetric: price(0.3, 1, 'metric and month', 'cloudwatch/pricing'),
  dashboard: price(3, 1, 'dashboard', 'cloudwatch/pricing'),
  logGigabyte: price(0.5, 1, 'GB', 'cloudwatch/pricing'),
  storedGigabyte: price(0.03, 1, 'GB and month', 'cloudwatch/pricing'),
  fifoRequest: price(0.5, MILLION, 'million', 'sqs/pricing'),
  invocation: price(0.2, MILLION, 'million', 'lambda/pricing'),
  armGigabyteSecond: price(0.0000133334, 1, 'GB-second', 'lambda/pricing'),
  schedule: price(1, MILLION, 'million', 'eventbridge/pricing'),
  trace: price(5, MILLION, 'million', 'xray/pricing'),
  /** Of a table that is paid by the write; an item of less than 1 KB is one unit. */
  tableWrite: price(0.625, MILLION, 'million', 'dynamodb/pricing'),
  keyRequest: price(0.03, 10_000, '10,000', 'kms/pricing'),
  /** Of Parameter Store's standard tier and throughput. */
  parameter: price(0, 1, 'standard parameter', 'systems-manager/pricing'),
} as const satisfies Readonly<Record<string, Price>>;

export type Priced = keyof typeof PRICES;

import fc from 'fast-check';

/** Addresses in the texts that CNI plugins and EC2 write. */
export const address = fc.constantFrom(
  '172.16.1.70',
  '172.16.1.71/24',
  '172.16.3.70',
  '2600:1f18:1111:1::70',
  '2600:1f18:1111:0001:0:0:0:71/64',
);

export const block = fc.constantFrom('172.16.1.0/24', '172.16.0.0/16', '2600:1f18:1111:1::/64');

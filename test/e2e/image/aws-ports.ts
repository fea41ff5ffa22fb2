/** Where pods find the tests' AWS in every cluster (EXPOSED_ADDRESS): it is written into the image. */
export const AWS_PORTS = { ec2: 4501, sqs: 4502 } as const;

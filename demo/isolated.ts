/**
 * The environment of a child that is to see nothing of this machine: the given
 * variables, without the AWS configuration of whoever runs it.
 */
export function isolated(variables: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...variables,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    // How Node itself is to run; tests have their guard against strangers here.
    ...(process.env.NODE_OPTIONS === undefined ? {} : { NODE_OPTIONS: process.env.NODE_OPTIONS }),
  };
}

/** Where facts are from. Who has seen them in a real account says so by a table. */
export const ASSIGN = 'EC2 API Reference, AssignPrivateIpAddresses';
export const ASSIGN_6 = 'EC2 API Reference, AssignIpv6Addresses';
export const UNASSIGN = 'EC2 API Reference, UnassignPrivateIpAddresses';
export const UNASSIGN_6 = 'EC2 API Reference, UnassignIpv6Addresses';
export const DESCRIBE = 'EC2 API Reference, DescribeNetworkInterfaces';
export const EVENTUAL = 'EC2 Developer Guide, "Eventual consistency"';
export const FILTERS = 'EC2 User Guide, "List and filter your resources"';
export const RESERVED = 'VPC User Guide, "Subnet CIDR blocks"';
export const THROTTLING = 'EC2 Developer Guide, "Request throttling"';
/** Error texts are in no document of AWS. */
export const QUOTED = 'public code and issues that quote EC2’s answer';

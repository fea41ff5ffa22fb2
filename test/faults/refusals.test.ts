import { BACK_OFFS, REFUSALS } from './matrix.ts';
import { testMatrix } from './test-matrix.ts';
import { guide } from './workloads/guide.ts';

testMatrix('a call is throttled and fails, every call', REFUSALS);

testMatrix('a call fails, and then the one that puts its message off', BACK_OFFS, [() => guide]);

import { REFUSALS } from './matrix.ts';
import { testMatrix } from './test-matrix.ts';

testMatrix('a call is throttled and fails, every call', REFUSALS);

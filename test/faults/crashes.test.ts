import { CRASHES } from './matrix.ts';
import { testMatrix } from './test-matrix.ts';

testMatrix('a process dies before a call and after its effect, at every call', CRASHES);

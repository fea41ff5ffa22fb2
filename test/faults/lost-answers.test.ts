import { ANSWERS } from './matrix.ts';
import { testMatrix } from './test-matrix.ts';

testMatrix('an answer is lost, or comes when nobody waits any more, at every call', ANSWERS);

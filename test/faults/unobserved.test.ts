import { UNOBSERVED } from './matrix.ts';
import { testMatrix } from './test-matrix.ts';

testMatrix('an event does not reach the forwarder as it should, every event', UNOBSERVED);

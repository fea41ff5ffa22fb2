import { CRASH_POINTS } from './matrix.ts';
import { testMatrix } from './test-matrix.ts';

testMatrix('a call meets with a fault, every call with every one', CRASH_POINTS, {
  only: ['rolling update of 20'],
});

import { CRASH_POINTS } from './matrix.ts';
import { testMatrix } from './test-matrix.ts';

testMatrix('a call meets with a fault, every call with every one', CRASH_POINTS, {
  besides: ['rolling update of 20', 'a hundred pods at once'],
});

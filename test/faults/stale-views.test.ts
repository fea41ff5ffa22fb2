import { STALE_VIEWS } from './matrix.ts';
import { testMatrix } from './test-matrix.ts';

testMatrix('EC2 shows an old state, at every read', STALE_VIEWS);

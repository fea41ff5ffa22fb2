/** More turns of the event loop than lie between an answer and the call that follows from it. */
const TURNS = 25;

/** Resolves once no call has been under way for a while: what goes on then, goes on by time alone. */
export async function quiet(isBusy: () => boolean): Promise<void> {
  for (let turns = 0; turns < TURNS; turns += 1) {
    await new Promise(setImmediate);
    if (isBusy()) turns = 0;
  }
}

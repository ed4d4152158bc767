// The client of a chaos run, in a process of its own; started by run.ts.
import { heapBytes } from './heap.js';
import { History } from './history.js';
import { Lane } from './lane.js';
import type { LanePlan, News, Order } from './messages.js';
import { probe } from './probe.js';

const tell = (news: News): void => {
  process.send?.(news);
};
const violated = (what: string): void => tell({ news: 'violation', what: `client: ${what}` });

/** Runs one session after another in a lane: the next one when the service no longer knows the last. */
async function runLane(first: LanePlan, history: History, finish: AbortSignal): Promise<void> {
  for (let session = 1; !finish.aborted; session++) {
    const plan = { ...first, run: `${first.run}.${session}` };
    const end = await new Lane(plan, { history, tell, violated }).run(finish);
    tell({ news: 'ended', run: plan.run, end, at: Date.now() });
  }
}

async function run(log: string, lanes: readonly LanePlan[]): Promise<void> {
  const history = new History(log);
  const finish = new AbortController();
  process.on('message', (message: Order) => {
    if (message.order === 'finish') finish.abort();
    else if (message.order === 'weigh') tell({ news: 'weight', heapBytes: heapBytes() });
    else if (message.order === 'probe') void probe(message.plan, history, tell);
  });
  const asked = new Promise((resolve) => finish.signal.addEventListener('abort', resolve));
  await Promise.all([asked, ...lanes.map((plan) => runLane(plan, history, finish.signal))]);
  tell({ news: 'finished' });
  process.disconnect();
}

process.once('message', (message: Order) => {
  if (message.order === 'run') void run(message.log, message.lanes);
});
process.on('disconnect', () => process.exit());
process.on('unhandledRejection', (error) => violated(`unhandled rejection: ${error}`));

import type { ConnectOptions } from '../../src/index.js';
import { connect } from '../../src/index.js';
import { Everything } from '../../test/support/gen/testing/v1/everything_duplex.js';
import type { History } from './history.js';
import { dialOptions } from './lane.js';
import { labelOf } from './load.js';
import type { LanePlan, News } from './messages.js';

/** Opens an idle session that ends with its connection, and tells when this side noticed the end. */
export async function probe(plan: LanePlan, history: History, tell: (news: News) => void): Promise<void> {
  const { run } = plan;
  const options: ConnectOptions<Everything.Callbacks> = { ...dialOptions(plan), resumeWindowMs: 0, onError: () => {} };
  const client = connect(Everything, plan.address, options);
  // The service learns the name by it.
  history.sent(run, 'echo', 1);
  await client.service.echo({ text: labelOf(run, 1) });
  history.answered(run, 'echo', 1);
  tell({ news: 'probing', run });
  const end = await client.closed;
  history.ended(run, end.kind, end.unknownItems ?? 0);
  tell({ news: 'ended', run, end, at: Date.now() });
}

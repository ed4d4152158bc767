// npm run chaos: a service and a client in processes of their own, over real sockets and a bad network.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Campaign } from './campaign.js';
import { Fleet } from './fleet.js';
import { kernelHalfOpens } from './kernel.js';
import { checkLogs } from './offline.js';
import { type ChaosOptions, KERNEL_HALF_OPEN, readOptions, USAGE } from './settings.js';

async function run(options: ChaosOptions): Promise<boolean> {
  const start = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'grpc-duplex-chaos-'));
  const fleet = new Fleet(folder, options.lanes);
  process.once('SIGINT', () => void fleet.destroy().finally(() => process.exit(130)));
  console.log(`seed ${options.seed}`);
  try {
    await fleet.startService();
    await fleet.startClient();
    const campaign = new Campaign(fleet, options);
    await campaign.run();
    await fleet.finish();
    if (!options.onlyFlaps) campaign.tally.kernel = await kernelHalfOpens(KERNEL_HALF_OPEN, folder);
    const { violations, records, arrivals } = await checkLogs(folder);
    const all = [...fleet.violations, ...campaign.tally.overdue, ...violations];
    for (const line of campaign.tally.lines(fleet, arrivals)) console.log(line);
    console.log(`history           ${records} records`);
    console.log(
      `violations        ${all.length} in ${Math.round((Date.now() - start) / 1_000)} s, seed ${options.seed}`,
    );
    for (const violation of all.slice(0, 50)) console.log(`  ${violation}`);
    if (all.length > 0 || options.keep) console.log(`logs are in ${folder}`);
    else rmSync(folder, { recursive: true });
    return all.length === 0;
  } finally {
    await fleet.destroy();
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) console.log(USAGE);
  else if (!(await run(options))) process.exitCode = 1;
} catch (error) {
  console.error(error);
  process.exitCode = 2;
}

import { once } from 'node:events';
import { createHost } from 'grpc-duplex';
import { createCalculator } from './calculator.js';
import { Calculator } from './gen/calculator/v1/calculator_duplex.js';

const host = createHost({ reflection: true });
host.add(Calculator, createCalculator, { initialState: { result: 0, equation: '0' } });

const { address } = await host.listen(process.argv[2] ?? 'localhost:50051');
console.log(`listening on ${address}`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await host.stop();

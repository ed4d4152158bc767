import { connect } from 'grpc-duplex';
import { Calculator } from './gen/calculator/v1/calculator_duplex.js';

const calculator = connect(Calculator, process.argv[2] ?? 'localhost:50051');

// What we hear: how the session fares, the service's callbacks, and its state of our session.
calculator.status$.subscribe((status) => console.log(`status ${status}`));
calculator.callbacks.equals$.subscribe(({ result }) => console.log(`Equals(${result})`));
calculator.callbacks.equation$.subscribe(({ equation }) => console.log(`Equation(${equation})`));
calculator.state$.subscribe(({ result, equation }) => console.log(`state  result=${result}  equation=${equation}`));

// What we say. One-way calls need no await; awaiting one is backpressure.
calculator.service.addTo({ n: 100 });
calculator.service.subtractFrom({ n: 50 });
calculator.service.multiplyBy({ n: 17.65 });
calculator.service.divideBy({ n: 2 });
await calculator.service.clear();

// When this is done, all that the service had to say has reached the subscribers.
await calculator.close();

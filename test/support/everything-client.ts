// A client in a process of its own, to be killed: node --import tsx everything-client.ts ADDRESS
import { connect } from 'grpc-duplex';
import { Everything } from './gen/testing/v1/everything_duplex.js';

const client = connect(Everything, process.argv[2] ?? '', {
  handler: { confirm: () => new Promise(() => {}) },
});
let seen = 0;
client.callbacks.noted$.subscribe(() => {
  seen += 1;
  if (seen === 100) console.log('100 notes');
});
await client.open();
console.log('opened');

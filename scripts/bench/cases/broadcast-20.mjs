// @ts-check
import { broadcastCase } from './parts/broadcast.mjs';

export default broadcastCase('broadcast-20', 20, { 'grpc-js': { atLeast: 5 }, 'socket.io': { atLeast: 1.5 } });

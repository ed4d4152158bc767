// @ts-check
import { broadcastCase } from './parts/broadcast.mjs';

export default broadcastCase('broadcast-1', 1, { 'grpc-js': { atLeast: 1 }, 'socket.io': { atLeast: 1.5 } });

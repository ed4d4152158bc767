import type { Socket } from 'node:net';

/**
 * Breaks a connection with an RST, or with what is left of it if it has ended
 * already. While a FIN is on its way out Node cannot: the socket would stay
 * open for ever, and the process would spin when it is to exit.
 */
export function reset(socket: Socket): void {
  const { writableEnded, writableFinished, writableLength } = socket;
  const isSendingFin = writableEnded && !writableFinished && writableLength === 0 && !socket.destroyed;
  if (isSendingFin) socket.once('finish', () => socket.resetAndDestroy());
  else socket.resetAndDestroy();
}

/** Notices that a connection is dead, and keeps one alive over which nothing is said. */
import type { WebSocket } from 'ws';

const BEAT_MS = 1000;
const BEATS_BETWEEN_PINGS = 5;
/** So many beats without a sign of life: silence is noticed within 20 s, as over SSH. */
const MAX_SILENT = 20;
/** The same where the server may be waiting for the program to take its input: until then it reads nothing of ours. */
const MAX_SILENT_BEHIND_INPUT = 300;

/**
 * Terminates a socket on which nothing answers. Beats are counted rather than time, so that an agent that got no
 * processor for a while takes no answer for missing.
 * @param sentBytes of input so far. Messages are taken in order: a pong that repeats this number came after all of it.
 */
export function keepAlive(socket: WebSocket, sentBytes: () => number): void {
  let beats = 0;
  let silent = 0;
  let takenBytes = 0;
  socket.on('message', () => (silent = 0));
  socket.on('pong', (told: Buffer) => {
    silent = 0;
    takenBytes = Number(told.toString());
  });
  const beat = () => {
    const isBehind = takenBytes !== sentBytes();
    // Where the reader is slow, no answer is read either.
    if (socket.isPaused) silent = 0;
    if (silent++ >= (isBehind ? MAX_SILENT_BEHIND_INPUT : MAX_SILENT)) socket.terminate();
    if (socket.readyState !== socket.OPEN) return;
    if (++beats % BEATS_BETWEEN_PINGS !== 0 && !isBehind) return;
    socket.ping(String(sentBytes()));
    // The API server ends a connection without a message for 4 h; pings are none to it, and an empty one is ignored.
    socket.send(Buffer.alloc(0));
  };
  const timer = setInterval(beat, BEAT_MS);
  socket.once('close', () => clearInterval(timer));
}

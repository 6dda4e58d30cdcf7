/** Notices that a connection is dead, and keeps one alive over which nothing is said. */
import type { WebSocket } from 'ws';

const BEAT_MS = 5000;
/** So many beats without a sign of life: silence is noticed within 20 s, as over SSH. */
const MAX_MISSED = 4;
/** The same where the server may be waiting for the program to take its input: until then it reads nothing of ours. */
const MAX_MISSED_BEHIND_INPUT = 60;

/**
 * Terminates a socket on which nothing answers. Beats are counted rather than time, so that an agent that got no
 * processor for a while takes no answer for missing.
 * @param sentBytes of input so far. Messages are taken in order: a pong that repeats this number came after all of it.
 */
export function keepAlive(socket: WebSocket, sentBytes: () => number): void {
  let missed = 0;
  let takenBytes = 0;
  socket.on('message', () => (missed = 0));
  socket.on('pong', (told: Buffer) => {
    missed = 0;
    takenBytes = Number(told.toString());
  });
  const beat = () => {
    // Where the reader is slow, no answer is read either.
    if (socket.isPaused) missed = 0;
    if (missed++ >= (takenBytes === sentBytes() ? MAX_MISSED : MAX_MISSED_BEHIND_INPUT)) socket.terminate();
    if (socket.readyState !== socket.OPEN) return;
    socket.ping(String(sentBytes()));
    // The API server ends a connection without a message for 4 h; pings are none to it, and an empty one is ignored.
    socket.send(Buffer.alloc(0));
  };
  const timer = setInterval(beat, BEAT_MS);
  socket.once('close', () => clearInterval(timer));
}

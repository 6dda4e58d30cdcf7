/**
 * The streams of one exec: messages of a WebSocket in the subprotocol `v5.channel.k8s.io`, of which the first byte says
 * whose they are. The client's own exec takes everything that comes into memory, however slow the reader is; here a slow
 * reader pauses the socket (3 MB held of 100, in place of 100), and a write is done once the kernel has taken it.
 */
import { Duplex, Readable } from 'node:stream';
import { WebSocket } from 'ws';
import type { Channel } from '../remote/session';
import { keepAlive } from './heartbeat';

export const SUBPROTOCOL = 'v5.channel.k8s.io';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
/** Followed by the number of a stream: it has ended. */
const CLOSE = 255;

/** Measured into a pod: 53 MB/s in messages of 32 KiB, 75 from 128 KiB on. */
const MAX_MESSAGE_BYTES = 512 * 1024;
const HELD_BYTES = 256 * 1024;
/** For the closing handshake. */
const CLOSE_MS = 2000;

export class ExecChannel extends Duplex implements Channel {
  readonly stderr: Readable;
  /** What the API server said of the end: a `Status` in JSON; empty where it said nothing. */
  status = '';
  /** Why the socket was closed, as WebSockets count: 1000 after a status, 1006 where the connection was lost. */
  closeCode: number | undefined;
  /** Settles when both streams have been read to their end, or the channel was destroyed. */
  readonly gone: Promise<void>;
  /** True once standard output has brought the mark; false where it ended before. */
  readonly started: Promise<boolean>;
  private setStarted: (started: boolean) => void = () => undefined;
  /** What came before the mark, or its first part. */
  private early: Buffer | undefined = Buffer.alloc(0);
  private sentBytes = 0;
  private isFull = { stdout: false, stderr: false };

  /**
   * @param socket one whose `open` event is being handled: a message may come right after
   * @param mark begins the output; it and what comes before it is dropped
   */
  constructor(
    private readonly socket: WebSocket,
    private readonly mark: string,
  ) {
    super({ readableHighWaterMark: HELD_BYTES, writableHighWaterMark: HELD_BYTES });
    this.stderr = new Readable({ highWaterMark: HELD_BYTES, read: () => this.makeRoom('stderr') });
    this.started = new Promise((resolve) => (this.setStarted = resolve));
    this.gone = Promise.all(
      [this, this.stderr].map((stream) => new Promise((resolve) => stream.once('close', resolve))),
    ).then(() => undefined);
    // Of a write that came after the end, and an error that nobody hears ends the process.
    this.on('error', () => undefined);
    socket.on('message', (message: Buffer) => this.receive(message));
    socket.once('close', (code: number) => this.finish(code));
    keepAlive(socket, () => this.sentBytes);
  }

  override _read(): void {
    this.makeRoom('stdout');
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.give(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.give(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    if (this.socket.readyState !== WebSocket.OPEN) return done();
    this.socket.send(Buffer.from([CLOSE, STDIN]), () => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.stderr.destroy();
    this.setStarted(false);
    if (this.socket.readyState !== WebSocket.CLOSED) {
      // A paused one would not see the answer.
      this.socket.resume();
      this.socket.close();
      setTimeout(() => this.socket.terminate(), CLOSE_MS).unref();
    }
    done(error);
  }

  /** One message after the other, so that a large chunk is not copied as a whole. */
  private give(bytes: Buffer, done: () => void): void {
    // Input for a program that has ended is thrown away: what it printed is still to be read.
    if (bytes.length === 0 || this.socket.readyState !== WebSocket.OPEN) return done();
    const message = Buffer.concat([Buffer.from([STDIN]), bytes.subarray(0, MAX_MESSAGE_BYTES)]);
    this.sentBytes += message.length;
    this.socket.send(message, () => this.give(bytes.subarray(MAX_MESSAGE_BYTES), done));
  }

  private receive(message: Buffer): void {
    const bytes = message.subarray(1);
    if (message[0] === STDOUT) this.receiveOutput(bytes);
    else if (message[0] === STATUS) this.status += bytes.toString();
    else if (message[0] === STDERR && bytes.length > 0 && !this.stderr.push(bytes)) this.holdBack('stderr');
  }

  private receiveOutput(bytes: Buffer): void {
    let rest = bytes;
    if (this.early) {
      this.early = Buffer.concat([this.early, bytes]);
      const at = this.early.indexOf(this.mark);
      if (at < 0) return;
      rest = this.early.subarray(at + this.mark.length);
      this.early = undefined;
      this.setStarted(true);
    }
    if (rest.length > 0 && !this.push(rest)) this.holdBack('stdout');
  }

  private holdBack(stream: 'stdout' | 'stderr'): void {
    this.isFull[stream] = true;
    this.socket.pause();
  }

  private makeRoom(stream: 'stdout' | 'stderr'): void {
    this.isFull[stream] = false;
    if (!this.isFull.stdout && !this.isFull.stderr) this.socket.resume();
  }

  private finish(code: number): void {
    this.closeCode = code;
    this.setStarted(false);
    if (this.destroyed) return;
    this.push(null);
    this.stderr.push(null);
    this.end();
  }
}

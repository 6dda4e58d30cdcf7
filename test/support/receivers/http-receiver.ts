/** An HTTP server that takes messages, as a receiver's would: it is down, hangs and fails where a test has it so. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { reservePorts } from '../hosts/ports';

export interface TakenRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export class HttpReceiver {
  /** All that came, whatever was answered. */
  readonly requests: TakenRequest[] = [];
  /** By path; 200 by default. `hang`: no answer. */
  readonly answers = new Map<string, number | 'hang'>();
  private server: Server | undefined;

  private constructor(readonly port: number) {}

  /** It does not listen yet. */
  static async make(): Promise<HttpReceiver> {
    const [port = 0] = await reservePorts(1);
    return new HttpReceiver(port);
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  to(path: string): TakenRequest[] {
    return this.requests.filter((request) => request.path === path);
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        const { method = '', url: path = '', headers } = request;
        this.requests.push({ method, path, headers, body });
        const answer = this.answers.get(path) ?? 200;
        if (answer === 'hang') return;
        response.writeHead(answer, { location: '/elsewhere' }).end(`it says ${answer}, to ${path}`);
      });
    });
    this.server = server;
    await new Promise<void>((done) => server.listen(this.port, '127.0.0.1', done));
  }

  async close(): Promise<void> {
    const { server } = this;
    server?.closeAllConnections();
    await new Promise<void>((done) => (server ? server.close(() => done()) : done()));
  }
}

import { isLoopback, parseListenAddress } from './listen';

test.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost'])(
  '%s is reached from this machine alone',
  (host) => {
    expect(isLoopback(host)).toBe(true);
  },
);

test.each([
  '0.0.0.0',
  '::',
  '',
  '10.0.0.1',
  '128.0.0.1',
  'localhost.example',
  '127.0.0.1.example',
  '::2',
  '0:0:0:0:0:0:0:2',
])('%p may be reached from elsewhere', (host) => {
  expect(isLoopback(host)).toBe(false);
});

test('an address to listen on is HOST:PORT, with brackets around IPv6', () => {
  expect(parseListenAddress('127.0.0.1:7480')).toEqual({ host: '127.0.0.1', port: 7480 });
  expect(parseListenAddress('[::1]:0')).toEqual({ host: '::1', port: 0 });
  expect(parseListenAddress('metrics.example:9100')).toEqual({ host: 'metrics.example', port: 9100 });
});

test.each(['', '7480', ':7480', '127.0.0.1', '127.0.0.1:x', '127.0.0.1:65536', '::1:80', '[::1]'])(
  '%p is no address to listen on',
  (text) => {
    expect(() => parseListenAddress(text)).toThrow('not an address to listen on');
  },
);

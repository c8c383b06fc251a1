// Sends bytes to a server, and splits what comes back into responses.
import net from 'node:net';
import { HTTPParser } from 'http-parser-js';

export interface RawResponse {
  status: number;
  message: string;
  /** Names and values in turn, as they came. */
  headers: string[];
  body: string;
}

export interface Exchange {
  /** The complete responses. */
  responses: RawResponse[];
  /** Whether the connection ended within a response, or the bytes are not HTTP. */
  isBroken: boolean;
  bytes: string;
}

const LIMIT_MS = 8_000;

/**
 * Sends the requests in one piece, and reads until the server closes the connection.
 *
 * @param methods the method of each request, since a response to HEAD has no body
 */
export async function exchange(port: number, requests: string, methods: string[]): Promise<Exchange> {
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = net.connect(port, '127.0.0.1', () => socket.write(requests));
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the connection is still open after ${LIMIT_MS} ms: ${Buffer.concat(chunks)}`));
    }, LIMIT_MS);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
  });
  return { ...split(bytes, methods), bytes: bytes.toString('latin1') };
}

function split(bytes: Buffer, methods: string[]): Omit<Exchange, 'bytes'> {
  const responses: RawResponse[] = [];
  let current: RawResponse | undefined;
  const parser = new HTTPParser(HTTPParser.RESPONSE);
  parser[HTTPParser.kOnHeadersComplete] = ({ statusCode, statusMessage, headers }) => {
    current = { status: statusCode, message: statusMessage, headers: [...headers], body: '' };
    return methods[responses.length] === 'HEAD' ? 1 : 0; // 1: it has no body
  };
  parser[HTTPParser.kOnBody] = (chunk, offset, length) => {
    current!.body += chunk.toString('latin1', offset, offset + length);
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    responses.push(current!);
    current = undefined;
  };
  const result = bytes.length > 0 ? parser.execute(bytes) : 0;
  const error = result instanceof Error ? result : parser.finish();
  return { responses, isBroken: error instanceof Error || current !== undefined };
}

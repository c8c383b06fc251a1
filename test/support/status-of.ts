// Sends a request with any headers: fetch() does not let a program set Host and Origin.
import { once } from 'node:events';
import http from 'node:http';

/** Returns the status of the response. */
export async function statusOf(url: string, options: http.RequestOptions): Promise<number> {
  const request = http.request(url, options);
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  return response.statusCode!;
}

/** Ends with 0 when the service of this container answers /healthz. No curl: the image has Node only. */
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';

const LIMIT_MS = 4_000;

const { VISAVIS_HOST: bound = '127.0.0.1', VISAVIS_PORT: port = '7860' } = process.env;
const everywhere = { '0.0.0.0': '127.0.0.1', '::': '::1', localhost: '127.0.0.1' };
const host = everywhere[bound] ?? bound;
const secure = Boolean(process.env.VISAVIS_TLS_CERT) || process.env.VISAVIS_DEV_TLS === 'on';
const get = secure ? getHttps : getHttp;
// A certificate names the public host, not this address; whether it is valid is not the question here.
const options = { host, port, path: '/healthz', headers: { host: `localhost:${port}` }, rejectUnauthorized: false };

const fail = (reason) => {
  process.stderr.write(`/healthz: ${reason}\n`);
  process.exit(1);
};
setTimeout(() => fail(`no answer within ${LIMIT_MS} ms`), LIMIT_MS);
get(options, (response) => {
  if (response.statusCode === 200) process.exit(0);
  fail(`status ${response.statusCode}`);
}).once('error', (error) => fail(error.message));

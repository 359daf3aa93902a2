/** `no-proxy.json` of vectors/protocol: which URLs an environment's NO_PROXY keeps from its proxy. */
import { describe, expect, test } from 'vitest';
import { AsyncClient, AsyncHTTPTransport, Request } from '../../src/index.js';
import { fakeEnvironment } from '../support/client.js';
import { protocolCases, withoutShared } from '../support/shared.js';

interface NoProxyCase {
  readonly id: string;
  readonly no_proxy: string;
  readonly url: string;
  readonly bypass: boolean;
}

const cases = protocolCases<NoProxyCase>('no-proxy');

describe.skipIf(cases === null)(`NO_PROXY ${cases === null ? withoutShared : ''}`, () => {
  test.each((cases ?? []).map((each) => [each.id, each] as const))('%s', (_id, { no_proxy: noProxy, url, bypass }) => {
    const environment = fakeEnvironment();
    environment.host.variables.set('ALL_PROXY', 'http://proxy.invalid:3128').set('NO_PROXY', noProxy);
    const client = new AsyncClient({}, environment);
    const transport = client.transportFor(new Request('GET', url)) as AsyncHTTPTransport;
    expect(transport).toBeInstanceOf(AsyncHTTPTransport);
    expect(transport.proxy === null).toBe(bypass);
  });
});

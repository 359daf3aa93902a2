import type { ToughCookieJar } from '../../src/cookies.js';

/** As much of a tough-cookie jar as is used: keeps every cookie for its URL's host. */
export class ToughJar implements ToughCookieJar {
  readonly kept = new Map<string, { key: string; value: string; domain: string; path: string; expires?: string }>();
  readonly store: ToughCookieJar['store'];
  constructor(synchronous: boolean) {
    const removeCookie = (_domain: string, _path: string, key: string, done: (error: Error | null) => void): void => {
      this.kept.delete(key);
      done(null);
    };
    this.store = { synchronous, removeCookie };
  }
  setCookieSync(cookie: string, url: string): void {
    const [, key = '', value = ''] = /^([^=]*)=([^;]*)/.exec(cookie) ?? [];
    const domain = new globalThis.URL(url).hostname;
    this.kept.set(key, { key, value, domain, path: '/', expires: '2026-02-01T00:00:00.000Z' });
  }
  getCookieStringSync(url: string): string {
    const { hostname } = new globalThis.URL(url);
    const mine = [...this.kept.values()].filter(({ domain }) => domain === hostname);
    return mine.map(({ key, value }) => `${key}=${value}`).join('; ');
  }
  async setCookie(cookie: string, url: string): Promise<void> {
    this.setCookieSync(cookie, url);
  }
  async getCookieString(url: string): Promise<string> {
    return this.getCookieStringSync(url);
  }
  serializeSync(): { cookies: object[] } {
    return { cookies: [...this.kept.values()] };
  }
}

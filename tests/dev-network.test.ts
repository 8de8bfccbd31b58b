import { describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config.js';
import { phoneSettings, phoneUrls } from '../src/dev-network.js';

const LAN = ['2001:db8::7', '192.168.1.5'];

describe('phoneSettings', () => {
  it('set nothing on loopback, and nothing without --dev-tls', () => {
    expect(phoneSettings({ VISAVIS_DEV_TLS: 'on' }, LAN)).toEqual({});
    expect(phoneSettings({ VISAVIS_DEV_TLS: 'on', VISAVIS_HOST: 'localhost' }, LAN)).toEqual({});
    expect(phoneSettings({ VISAVIS_HOST: '0.0.0.0' }, LAN)).toEqual({});
  });

  it('make a network address a complete configuration, with a key for this run', () => {
    const given = { VISAVIS_DEV_TLS: 'on', VISAVIS_HOST: '0.0.0.0' };
    const settings = phoneSettings(given, LAN);
    expect(settings.VISAVIS_ANNOUNCED_ADDRESS).toBe('192.168.1.5');
    const config = loadConfig({ ...given, ...settings });
    expect(config).toMatchObject({ tls: 'self-signed', announcedAddress: '192.168.1.5' });
    expect(config.apiKeys).toEqual([expect.stringMatching(/^[0-9a-f]{24}$/)]);
    expect(phoneSettings(given, LAN).VISAVIS_API_KEYS).not.toBe(settings.VISAVIS_API_KEYS);
  });

  it("leave the operator's own settings alone", () => {
    const given = {
      VISAVIS_DEV_TLS: 'on',
      VISAVIS_HOST: '0.0.0.0',
      VISAVIS_API_KEYS: 'a-key-of-the-operator',
      VISAVIS_ANNOUNCED_ADDRESS: 'talk.example',
    };
    expect(phoneSettings(given, LAN)).toEqual({});
    expect(phoneSettings({ ...given, VISAVIS_HOST: '192.168.1.5' }, LAN)).toEqual({});
  });
});

describe('phoneUrls', () => {
  it('name each address that the service is bound to, with the key in the fragment', () => {
    const url = 'https://localhost:7860/';
    expect(phoneUrls(url, '0.0.0.0', 'k1', LAN)).toEqual(['https://192.168.1.5:7860/#key=k1']);
    expect(phoneUrls(url, '::', undefined, LAN)).toEqual(['https://[2001:db8::7]:7860/', 'https://192.168.1.5:7860/']);
    expect(phoneUrls('https://192.168.1.5:7860/', '192.168.1.5', 'k1', LAN)).toEqual([
      'https://192.168.1.5:7860/#key=k1',
    ]);
    expect(phoneUrls('https://127.0.0.1:7860/', '127.0.0.1', undefined, LAN)).toEqual([]);
  });
});

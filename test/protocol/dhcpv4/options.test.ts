import assert from 'node:assert/strict';
import { OptionValueError } from '../../../src/protocol/dhcpv4/errors.js';
import { encodeOptionValue, parseOptionType } from '../../../src/protocol/dhcpv4/option-value.js';
import { OptionRegistry } from '../../../src/protocol/dhcpv4/options.js';
import { STANDARD_OPTIONS } from '../../../src/protocol/dhcpv4/standard-options.js';

const REGISTRY = new OptionRegistry();

function hexOf(name: string, value: unknown): string {
  const definition = REGISTRY.byName(name);
  assert.ok(definition, `no option ${name}`);
  return encodeOptionValue(definition, value).toString('hex');
}

describe('the table of options', () => {
  it('has all of RFC 2132 and those that later clients send', () => {
    const rfc2132 = Array.from({ length: 76 }, (_, i) => i + 1);
    const later = [
      ...[77, 78, 79, 80, 81, 82, 83, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 97, 98, 99, 100, 101, 108, 112, 113, 114],
      ...[116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 141],
      ...[143, 146, 150, 158, 159, 160, 161, 162, 175, 208, 209, 210, 211, 212, 220, 221, 249, 252],
    ];
    for (const code of [...rfc2132, ...later]) assert.equal(REGISTRY.byCode(code)?.code, code, `code ${code}`);
  });

  it('gives no code and no name twice', () => {
    const codes = STANDARD_OPTIONS.map(({ code }) => code);
    assert.equal(new Set(codes).size, codes.length);
    const names = STANDARD_OPTIONS.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(REGISTRY.names(), names);
  });

  it('knows the names of ISC dhcpd and of Kea', () => {
    const same = [
      ['ien116-name-servers', 'name-servers', 5],
      ['nwip-domain', 'nwip-domain-name', 62],
      ['nisplus-domain', 'nisplus-domain-name', 64],
      ['bootfile-name', 'boot-file-name', 67],
      ['relay-agent-information', 'dhcp-agent-options', 82],
      ['pxe-system-type', 'client-system', 93],
      ['pxe-interface-id', 'client-ndi', 94],
      ['pxe-client-id', 'uuid-guid', 97],
      ['classless-static-routes', 'classless-static-route', 121],
      ['vivso', 'vivso-suboptions', 125],
    ] as const;
    for (const [isc, kea, code] of same) {
      assert.equal(REGISTRY.byName(isc)?.code, code);
      assert.equal(REGISTRY.byName(kea), REGISTRY.byName(isc));
    }
    assert.equal(REGISTRY.byName('Domain-Name-Servers')?.code, 6);
    assert.equal(REGISTRY.byName('no-such-option'), undefined);
  });

  it('marks the options that only the server sets', () => {
    const codes = STANDARD_OPTIONS.filter(({ protocol }) => protocol).map(({ code }) => code);
    assert.deepEqual(codes, [50, 51, 52, 53, 54, 55, 57, 61, 82, 118]);
  });

  it('writes values as the RFCs print them', () => {
    assert.equal(hexOf('routers', ['198.18.0.1']), 'c6120001');
    assert.equal(hexOf('time-offset', -18000), 'ffffb9b0');
    // RFC 3442: 10.0.0.0/8 and 10.17.0.0/16
    assert.equal(
      hexOf('classless-static-routes', [
        ['10.0.0.0/8', '198.18.0.1'],
        ['10.17.0.0/16', '198.18.0.2'],
      ]),
      '080ac6120001100a11c6120002',
    );
    assert.equal(hexOf('ms-classless-static-routes', [['0.0.0.0/0', '198.18.0.1']]), '00c6120001');
    // RFC 3397: the second name ends in a pointer to byte 4
    assert.equal(
      hexOf('domain-search', ['eng.apple.com', 'marketing.apple.com']),
      '03656e67056170706c6503636f6d00096d61726b6574696e67c004',
    );
    assert.equal(hexOf('vivso', [[3561, '0x0102']]), '00000de9020102');
    assert.equal(hexOf('v4-sztp-redirect', ['https://a']), '000968747470733a2f2f61');
    assert.equal(
      hexOf('v4-pcp-server', [['198.18.0.1', '198.18.0.2'], ['198.18.0.3']]),
      '08c6120001c612000204c6120003',
    );
    assert.equal(hexOf('rdnss-selection', [1, '198.18.0.1', '198.18.0.2', ['a.b']]), '01c6120001c61200020161016200');
    assert.equal(
      hexOf('v4-dnr', [[1, 'dns.a', ['198.18.0.1'], '0x00010003026832']]),
      '00160001' + '0703646e73016100' + '04c6120001' + '00010003026832',
    );
    assert.equal(
      hexOf('option-6rd', [14, 32, '2001:db8::', ['198.18.0.1']]),
      '0e2020010db8000000000000000000000000c6120001',
    );
    assert.equal(hexOf('rapid-commit', true), '');
    assert.equal(hexOf('v6-only-preferred', 1800), '00000708');
    assert.equal(hexOf('tftp-server-address', '198.18.0.7'), 'c6120007');
    assert.equal(hexOf('slp-directory-agent', [true, ['198.18.0.1']]), '01c6120001');
  });
});

describe('user-defined options', () => {
  const xgrid = { name: 'xgrid-controller', code: 250, type: parseOptionType('ip-address') };

  it('are found by name and code', () => {
    const registry = new OptionRegistry([xgrid]);
    assert.equal(registry.byName('xgrid-controller'), xgrid);
    assert.equal(registry.byCode(250), xgrid);
    assert.equal(REGISTRY.byCode(250), undefined);
    assert.ok(registry.names().includes('xgrid-controller'));
    assert.equal(encodeOptionValue(xgrid, '198.18.0.9').toString('hex'), 'c6120009');
  });

  it('replace the standard option of their code', () => {
    const routes = { name: 'my-routes', code: 121, type: parseOptionType('hex string') };
    const registry = new OptionRegistry([routes]);
    assert.equal(registry.byCode(121), routes);
    assert.equal(registry.byName('classless-static-routes')?.name, 'classless-static-routes');
    const own = { name: 'wpad', code: 252, type: parseOptionType('string') };
    assert.equal(new OptionRegistry([own]).byName('wpad'), own);
  });

  it('are refused with an impossible, doubled or protocol code or name', () => {
    const cases: readonly (readonly [Partial<typeof xgrid>[], RegExp])[] = [
      [[{ code: 0 }], /code 0/],
      [[{ code: 255 }], /code 255/],
      [[{ code: 1.5 }], /code 1\.5/],
      [[{ name: 'two words' }], /not an option name/],
      [[{ name: '' }], /not an option name/],
      [[{ name: 'routers' }], /belongs to code 3/],
      [[{ code: 53 }], /part of the protocol \(dhcp-message-type\)/],
      [[{ code: 82 }], /part of the protocol/],
      [[{}, { name: 'other' }], /code 250 is defined twice/],
      [[{}, { code: 251 }], /belongs to code 250/],
    ];
    for (const [changes, message] of cases) {
      const definitions = changes.map((change) => ({ ...xgrid, ...change }));
      assert.throws(
        () => new OptionRegistry(definitions),
        (error) => error instanceof OptionValueError && message.test(error.message) && error.hint !== undefined,
        String(message),
      );
    }
  });
});

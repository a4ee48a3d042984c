// The provider, as `tests.openid.provider` starts it: one client, some accounts, a page that asks who one is.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { Provider } = require('oidc-provider');

const { issuer, port, client, accounts } = JSON.parse(process.argv[2]);

const provider = new Provider(issuer, {
  clients: [client],
  // Not what the browser brought: other tests of the same run sign in as others.
  cookies: { keys: ['only of these tests'] },
  claims: { openid: ['sub', 'acr', 'amr'], email: ['email', 'email_verified'], profile: ['name'] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, sub) =>
    accounts[sub] && { accountId: sub, claims: () => ({ sub, ...accounts[sub].claims }) },
  loadExistingGrant: async (context) => {
    const grant = new provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
});

provider.use(async (context, next) => {
  if (context.path === '/favicon.ico') {
    context.status = 204;
    return;
  }
  if (!context.path.startsWith('/interaction/')) return next();
  await provider.interactionDetails(context.req, context.res);
  if (context.method === 'GET') {
    context.type = 'html';
    context.body =
      '<!doctype html><html lang="vi"><title>SSO</title><form method="post">' +
      '<label>Tài khoản <input name="sub"></label><button>Tiếp tục</button><button name="deny">Hủy</button></form>';
    return;
  }
  let body = '';
  for await (const piece of context.req) body += piece;
  const typed = new URLSearchParams(body);
  const account = accounts[typed.get('sub')];
  const result =
    typed.has('deny') || !account
      ? { error: 'access_denied', error_description: 'not today' }
      : { login: { accountId: typed.get('sub'), acr: account.acr, amr: account.amr } };
  context.redirect(await provider.interactionResult(context.req, context.res, result));
});

provider.listen(port, '127.0.0.1', () => console.log('listening'));

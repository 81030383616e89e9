// A real OpenID provider for the tests: certified oidc-provider, two people, one client. Told what to do over /test/*.
// Usage: node provider.mjs; says on which port it listens. /test/client?origin=… begins, with Hemvakt at that address.

import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

let issuer = "";
let origin = "";

function key(kid) {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "ES256" };
}

let lasts = 600;

function provider(kid) {
  const made = new Provider(issuer, {
    clients: [
      {
        client_id: "hemvakt",
        client_secret: "a secret of the tests alone",
        redirect_uris: [`${origin}/api/session/oidc/callback`],
        post_logout_redirect_uris: [`${origin}/login`],
        backchannel_logout_uri: `${origin}/api/session/oidc/back-channel`,
        backchannel_logout_session_required: true,
        id_token_signed_response_alg: "ES256",
      },
    ],
    jwks: { keys: [key(kid)] },
    cookies: { keys: ["a key of the tests alone"] },
    claims: { openid: ["sub"], staff: ["hsa_id"] },
    scopes: ["openid", "staff"],
    pkce: { required: () => true },
    ttl: { IdToken: () => lasts, AccessToken: 600, AuthorizationCode: 60, Session: 3600, Grant: 3600, Interaction: 600 },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => { ctx.body = `<!doctype html>${form}<button form="op.logoutForm" name="logout" value="yes">yes</button>`; } },
    },
    // Its own way of asking refuses addresses of this machine, where the tests are.
    fetch: (url, { dispatcher, ...options }) => fetch(url, { ...options, signal: AbortSignal.timeout(10_000) }),
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, hsa_id: `SE2321000016-${sub}` }) }),
    interactions: { url: (_ctx, interaction) => `/test/interaction/${interaction.uid}` },
  });
  made.on("backchannel.error", (_ctx, error) => console.error(error));
  made.on("server_error", (_ctx, error) => console.error(error));
  return made;
}

let current = null;

// Whoever asks to log in is this person: the provider's own pages are not what is tested.
let person = "anna";

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, issuer);
  try {
    if (pathname === "/test/client") {
      origin = searchParams.get("origin");
      current = provider("first");
      response.end();
    } else if (pathname === "/test/person") {
      person = searchParams.get("sub");
      response.end();
    } else if (pathname === "/test/keys") {
      current = provider(searchParams.get("kid"));
      response.end();
    } else if (pathname === "/test/lasts") {
      lasts = Number(searchParams.get("seconds"));
      response.end();
    } else if (pathname.startsWith("/test/interaction/")) {
      await interact(request, response);
    } else {
      await current.callback()(request, response);
    }
  } catch (error) {
    console.error(error);
    response.statusCode = 500;
    response.end(String(error));
  }
});

async function interact(request, response) {
  const { prompt, params, session } = await current.interactionDetails(request, response);
  if (person === "nobody") {
    await current.interactionFinished(request, response, { error: "access_denied" });
  } else if (prompt.name === "login") {
    await current.interactionFinished(request, response, { login: { accountId: person, acr: "loa3" } });
  } else {
    const grant = new current.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope("openid staff");
    await current.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
  }
}

server.listen(0, "127.0.0.1", () => {
  issuer = `http://localhost:${server.address().port}`;
  console.log(server.address().port);
});

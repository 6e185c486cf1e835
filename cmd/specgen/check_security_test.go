package main

import "testing"

func TestRefusesSecurity(t *testing.T) {
	const anybody = "      security: [{oauth2: []}]\n"
	const write = "signOut: write each requirement as {oauth2: [scope]}; service clients are [{client: []}], everybody is security: []"
	refuses(t, map[string]mutation{
		"none":            {anybody, "", "signOut: say who may call it: security: [{oauth2: [scope]}], [{oauth2: []}] for anybody signed in, [{client: []}] for service clients, [] for everybody"},
		"optional":        {anybody, "      security: [{}]\n", write},
		"another scheme":  {anybody, "      security: [{basic: []}]\n", write},
		"two schemes":     {anybody, "      security: [{oauth2: [], basic: []}]\n", write},
		"a scope too few": {anybody, "      security: [{oauth2: []}, {oauth2: ['users:read']}]\n", "signOut: {oauth2: []} lets in anybody signed in; drop it, or the other requirements"},
		"two scopes":      {anybody, "      security: [{oauth2: ['users:read', 'users:create']}]\n", "signOut: write one scope per requirement; alternatives are requirements of their own"},
		"unknown scope":   {anybody, "      security: [{oauth2: ['users:leave']}]\n", `signOut: unknown scope "users:leave"; add it to the scopes of the flow, or write one of those`},
		"whose own":       {"  /me/sessions/{session_id}:", "  /sessions/{session_id}:", "endSession: sessions:end:own needs to know whose {session_id} it is; put {user_id} in the path, or the path under /me"},
		"nearly under me": {"  /me/sessions/{session_id}:", "  /men/sessions/{session_id}:", "endSession: sessions:end:own needs to know whose {session_id} it is; put {user_id} in the path, or the path under /me"},
	})
}

func TestRefusesClients(t *testing.T) {
	const clients = "      security: [{client: []}]\n"
	const alone = "introspectToken: write security: [{client: []}] and nothing beside it; service clients are no accounts and have no scopes"
	const scheme = "    client: {type: http, scheme: basic}\n"
	const basic = "components.securitySchemes.client: write {type: http, scheme: basic}; service clients send their id and secret that way"
	const failed = "          application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/Introspection'}}\n      responses:\n        '200': {description: What is known of it.}\n        default: {$ref: '#/components/responses/OAuthFailed'}\n"
	refuses(t, map[string]mutation{
		"or people":            {clients, "      security: [{client: []}, {oauth2: []}]\n", alone},
		"with people":          {clients, "      security: [{client: [], oauth2: []}]\n", alone},
		"or anybody":           {clients, "      security: [{client: []}, {}]\n", alone},
		"twice":                {clients, "      security: [{client: []}, {client: []}]\n", alone},
		"with a scope":         {clients, "      security: [{client: ['users:read']}]\n", alone},
		"a bearer token":       {scheme, "    client: {type: http, scheme: bearer}\n", basic},
		"a key":                {scheme, "    client: {type: apiKey, in: header, name: X-Key}\n", basic},
		"fails in another way": {failed, failed[:len(failed)-len("OAuthFailed'}\n")] + "Failed'}\n", "introspectToken: write its default response as a $ref to the response OAuthFailed; service clients expect RFC 6749"},
		"fails in no way":      {failed, failed[:len(failed)-len("        default: {$ref: '#/components/responses/OAuthFailed'}\n")], "introspectToken: write its default response as a $ref to the response Failed, or OAuthFailed"},
	})
}

func TestRefusesStepUp(t *testing.T) {
	const is = "      x-step-up: true\n"
	const either = "updateUser: write x-step-up: true, or leave it out"
	refuses(t, map[string]mutation{
		"false":      {is, "      x-step-up: false\n", either},
		"nothing":    {is, "      x-step-up:\n", either},
		"in words":   {is, "      x-step-up: 'true'\n", either},
		"an age":     {is, "      x-step-up: {max_age: 300}\n", either},
		"of anybody": {"      security: []\n", "      security: []\n" + is, "issueToken: drop x-step-up; nobody signs in to call it"},
		"of clients": {"      security: [{client: []}]\n", "      security: [{client: []}]\n" + is, "introspectToken: drop x-step-up; nobody signs in to call it"},
	})
}

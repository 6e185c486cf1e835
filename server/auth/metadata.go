package auth

import "github.com/usherhq/usher/gen/spec"

// Where clients find out about the service, beside the contract's paths.
const (
	MetadataPath = "/.well-known/oauth-authorization-server" // RFC 8414 section 3
	JWKSPath     = "/.well-known/jwks.json"
	docsPath     = "/docs"
)

// Grants of RFC 6749 that the token endpoint takes.
const (
	grantPassword = "password"
	grantRefresh  = "refresh_token"
)

// How clients say who they are at an endpoint (RFC 7591 section 2).
const (
	byNothing = "none"
	byBasic   = "client_secret_basic"
)

// Metadata says what the service can do and where, in words that OAuth 2.0 clients know (RFC 8414 section 2).
type Metadata struct {
	Issuer                string       `json:"issuer"`
	TokenEndpoint         string       `json:"token_endpoint"`
	RevocationEndpoint    string       `json:"revocation_endpoint"`
	IntrospectionEndpoint string       `json:"introspection_endpoint"`
	JWKSURI               string       `json:"jwks_uri"`
	ServiceDocumentation  string       `json:"service_documentation"`
	ScopesSupported       []spec.Scope `json:"scopes_supported"`
	ResponseTypes         []string     `json:"response_types_supported"` // required though there is none to name
	GrantTypes            []string     `json:"grant_types_supported"`

	TokenEndpointAuth         []string `json:"token_endpoint_auth_methods_supported"`
	RevocationEndpointAuth    []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectionEndpointAuth []string `json:"introspection_endpoint_auth_methods_supported"`
}

// Metadata describes the service as it is set up.
func (h *Handlers) Metadata() Metadata {
	issuer := h.Settings.Issuer
	return Metadata{
		Issuer:                issuer,
		TokenEndpoint:         issuer + spec.IssueTokenPath(),
		RevocationEndpoint:    issuer + spec.RevokeTokenPath(),
		IntrospectionEndpoint: issuer + spec.IntrospectTokenPath(),
		JWKSURI:               issuer + JWKSPath,
		ServiceDocumentation:  issuer + docsPath,
		ScopesSupported:       spec.AllScopes(),
		ResponseTypes:         []string{},
		GrantTypes:            h.grants(),

		TokenEndpointAuth:         []string{byNothing},
		RevocationEndpointAuth:    []string{byNothing},
		IntrospectionEndpointAuth: []string{byBasic},
	}
}

// grants are the grants that are offered. Without the password grant nothing leads to the second step.
func (h *Handlers) grants() []string {
	if !h.Settings.PasswordGrant {
		return []string{grantRefresh}
	}
	return []string{grantPassword, grantRefresh, grantMFA}
}

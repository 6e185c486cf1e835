package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/gen/spec"
)

// secret is a password of anybody.
const secret = "tall ships sail at noon"

// client is a running service as its clients see it.
type client struct {
	t     *testing.T
	url   string
	token string
}

// send sends a request, under the base path of the contract, and returns what comes back.
func (c client) send(method, path string, body any) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+spec.BasePath+path, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(b))
		req.Header.Set("Content-Type", map[bool]string{false: "application/json", true: "application/merge-patch+json"}[method == http.MethodPatch])
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return fetch(req)
}

// fetch sends a request on a connection of its own, as whoever is new to the service would.
func fetch(req *http.Request) (status int, answer []byte, err error) {
	own := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: soon}
	res, err := own.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// want sends a request and reads an answer of the wanted status.
func want[T any](c client, status int, method, path string, body any) (out T) {
	c.t.Helper()
	got, answer, err := c.send(method, path, body)
	require.NoError(c.t, err)
	require.Equal(c.t, status, got, string(answer))
	if len(answer) > 0 {
		require.NoError(c.t, json.Unmarshal(answer, &out))
	}
	return out
}

// page opens a page as curl does.
func (c client) page(path string) (status int, text string) {
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+path, http.NoBody)
	require.NoError(c.t, err)
	status, answer, err := fetch(req)
	if err != nil {
		return 0, ""
	}
	return status, string(answer)
}

func (c client) register(email string) spec.User {
	c.t.Helper()
	return want[spec.User](c, http.StatusCreated, "POST", "/auth/register", map[string]string{"email": email, "password": secret})
}

// confirm follows the link of a verification mail, and then does what its page does when the button is pressed.
func (c client) confirm(link string) spec.Verified {
	c.t.Helper()
	u, err := url.Parse(link)
	require.NoError(c.t, err)
	status, page := c.page(u.Path)
	require.Equal(c.t, http.StatusOK, status)
	require.Contains(c.t, page, "<script")
	values, err := url.ParseQuery(u.Fragment)
	require.NoError(c.t, err)
	id, err := uuid.Parse(values.Get("user_id"))
	require.NoError(c.t, err)
	return want[spec.Verified](c, http.StatusOK, "POST", "/auth/verification/confirm",
		spec.VerificationConfirmation{UserID: id, Token: values.Get("token")})
}

// signIn returns the service as it answers somebody who is signed in.
func (c client) signIn(email, password string) (client, spec.Token) {
	c.t.Helper()
	tokens := want[spec.Token](c, http.StatusOK, "POST", "/auth/token",
		map[string]string{"grant_type": "password", "username": email, "password": password})
	c.token = tokens.AccessToken
	return c, tokens
}

// recovers waits until the service answers again.
func (c client) recovers(within time.Duration) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		status, _, err := c.send("GET", "/me", nil)
		return err == nil && status == http.StatusOK
	}, within, tick)
}

package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	patience = time.Minute      // for the beginning of an answer
	attempts = 3                // of a request that may be repeated
	maxJSON  = 64 * 1024 * 1024 // what is read of an answer that is no file
)

// newClient never follows a redirect: the API has none, and a token must not go where nobody said.
func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: patience,
			ExpectContinueTimeout: 2 * time.Second,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// origin is the address of a service, checked: scheme and host, and nothing that would send secrets in clear.
func origin(address string, insecure bool) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return "", errors.New("--url: want only scheme and host, such as https://accounts.example.com")
	}
	if u.Scheme == "http" && !insecure && !local(u.Hostname()) {
		return "", errors.New("--url: http would send passwords and tokens in clear: use https, or say --insecure")
	}
	return u.Scheme + "://" + u.Host, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// link is the address of a link of the service, which must not lead anywhere else.
func link(service, href string) (string, error) {
	base, err := url.Parse(service)
	if err != nil {
		return "", err
	}
	to, err := base.Parse(href)
	if err != nil || to.Scheme != base.Scheme || to.Host != base.Host {
		return "", errors.New("the service answers with a link to another host, which is not followed")
	}
	return to.RequestURI(), nil
}

// send sends a request with these credentials. A connection that is lost is tried again if nothing can happen twice.
func (k *caller) send(ctx context.Context, service, authorization string, r *request) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		res, err := k.once(ctx, service, authorization, r)
		var network *url.Error
		if err == nil || !errors.As(err, &network) || attempt == attempts || !r.again() || ctx.Err() != nil {
			return res, reachable(service, err)
		}
		if err := k.Pause(ctx, time.Duration(attempt)*200*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func (k *caller) once(ctx context.Context, service, authorization string, r *request) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, service+r.path, http.NoBody)
	if err != nil {
		return nil, err
	}
	if r.body != nil {
		if req.Body, req.ContentLength, err = r.body(); err != nil {
			return nil, err
		}
		if req.ContentLength == 0 {
			req.Body = http.NoBody // a body of unknown length would be meant otherwise
		}
	}
	maps.Copy(req.Header, r.header)
	req.Header.Set("User-Agent", "usher/"+k.Version)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := k.client.Do(req)
	if err == nil && k.headers {
		k.showHeaders(res)
	}
	return res, err
}

// showHeaders: the ETag is among them, for instance.
func (k *caller) showHeaders(res *http.Response) {
	note(k.cmd.ErrOrStderr(), "%s", clean(res.Status))
	for _, name := range sorted(res.Header) {
		for _, v := range res.Header[name] {
			note(k.cmd.ErrOrStderr(), "%s: %s", clean(name), clean(v))
		}
	}
}

// reachable says in words that a service did not answer.
func reachable(service string, err error) error {
	var network *url.Error
	if !errors.As(err, &network) || errors.Is(err, context.Canceled) {
		return err
	}
	if network.Timeout() {
		return fmt.Errorf("%s did not answer in time", service)
	}
	return fmt.Errorf("%s cannot be reached: %w", service, network.Err)
}

// body reads an answer that is no file.
func body(res *http.Response) ([]byte, error) {
	defer res.Body.Close()
	defer time.AfterFunc(patience, func() { _ = res.Body.Close() }).Stop() // or a service that stalls is waited for
	b, err := io.ReadAll(io.LimitReader(res.Body, maxJSON))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	return b, nil
}

// retryAfter is the pause that an answer asks for; 0 if it asks for none. HTTP dates are not used by the service.
func retryAfter(res *http.Response) time.Duration {
	seconds, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

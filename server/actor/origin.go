package actor

import (
	"net/netip"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Origin is where a request came from.
type Origin struct {
	Address   string `json:"-"`                // of the client
	UserAgent string `json:"device,omitempty"` // as the client tells it: see Device
	RequestID string `json:"request_id,omitempty"`
	Place     string `json:"network,omitempty"` // the network, where the address is not kept
}

// Kept is the origin in a form that may be stored: without the address.
func (o Origin) Kept() Origin {
	return Origin{UserAgent: o.Device(), RequestID: o.RequestID, Place: o.Network()}
}

// Network is where the address is: enough to recognise a place by, too little to find a person (/24, /48).
func (o Origin) Network() string {
	if o.Place != "" {
		return o.Place
	}
	return o.prefix(24, 48)
}

// Household is what one subscriber has: an IPv4 address, or an IPv6 network of which they pick addresses freely (/64).
func (o Origin) Household() string { return o.prefix(32, 64) }

func (o Origin) prefix(v4, v6 int) string {
	ip, err := netip.ParseAddr(o.Address)
	if err != nil {
		return ""
	}
	bits := v6
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		bits = v4
	}
	return netip.PrefixFrom(ip, bits).Masked().String()
}

// Device is the user agent in a form that can be stored and shown.
func (o Origin) Device() string {
	clean := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(o.UserAgent, ""))
	runes := []rune(norm.NFC.String(clean))
	return string(runes[:min(len(runes), 200)])
}

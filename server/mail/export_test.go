package mail

import "crypto/x509"

// Trust makes an SMTP sender accept certificates of other authorities than the machine's.
func Trust(s Sender, roots *x509.CertPool) Sender {
	s.(*server).tls.RootCAs = roots
	return s
}

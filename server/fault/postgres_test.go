package fault_test

import (
	"net"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// connect connects to a Postgres that is played by serve, which hangs up when it returns.
func connect(t *testing.T, serve func(net.Conn)) (*pgx.Conn, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		if conn, err := listener.Accept(); err == nil {
			serve(conn)
			_ = conn.Close()
		}
	}()
	return pgx.Connect(t.Context(), "postgres://usher@"+listener.Addr().String()+"/usher?sslmode=disable")
}

// accept lets the client in, reads its first query to the end and goes on with then.
func accept(then func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) {
		backend := pgproto3.NewBackend(conn, conn)
		_, _ = backend.ReceiveStartupMessage()
		backend.Send(&pgproto3.AuthenticationOk{})
		backend.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		_ = backend.Flush()
		for {
			message, err := backend.Receive()
			if _, asked := message.(*pgproto3.Sync); asked || err != nil {
				break
			}
		}
		then(conn)
	}
}

// refuse answers the first message with an error.
func refuse(code string) func(net.Conn) {
	return func(conn net.Conn) {
		backend := pgproto3.NewBackend(conn, conn)
		_, _ = backend.ReceiveStartupMessage()
		backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: "no"})
		_ = backend.Flush()
	}
}

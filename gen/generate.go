// Package gen is written by tools, except for this file and the tools' settings. Run "go generate ./gen" after a change
// to openapi.yaml, queries, schema or web.
package gen

//go:generate sh -c "cd .. && go run ./cmd/specgen"
//go:generate sh -c "cd .. && go tool -modfile=gen/tools.mod oapi-codegen -config gen/spec.yaml openapi.yaml"
//go:generate sh -c "cd .. && go tool -modfile=gen/tools.mod oapi-codegen -config gen/api.yaml openapi.yaml"
//go:generate sh -c "cd .. && go tool -modfile=gen/tools.mod oapi-codegen -config gen/client.yaml openapi.yaml"
//go:generate sh -c "cd .. && CGO_ENABLED=0 go tool -modfile=gen/tools.mod sqlc generate"
//go:generate sh -c "cd ../web && npm ci --no-audit --no-fund --silent && npm run --silent build"

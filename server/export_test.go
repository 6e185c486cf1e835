package server

// Mount is the router itself, for tests that look at its routes.
var Mount = mount

package users

import "context"

// What made-up nicknames are made of.
const (
	Adjectives = adjectives
	Animals    = animals
)

// Search is what bounds searches.
func (h *Handlers) Search(ctx context.Context, look func(context.Context) error) error {
	return h.search(ctx, look)
}

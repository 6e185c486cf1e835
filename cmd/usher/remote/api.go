package remote

import (
	"github.com/spf13/cobra"

	"github.com/usherhq/usher/gen/api"
	"github.com/usherhq/usher/gen/spec"
)

// API makes the command that holds one command for each operation of the contract, by tag. Without operations it is only
// there to be listed: making them takes longer than the service takes to start.
func API(s Settings, operations bool) *cobra.Command {
	o := new(options)
	c := &cobra.Command{
		Use: "api", Short: "Call an operation of a running service",
		Long: "Api has a command for each operation of the contract. They act as whoever signed in with `usher login`, or as the\n" +
			"owner of the token in $" + TokenVariable + ", on the service at $" + URLVariable + ".",
		Example: "  usher api list-users --role ADMIN --columns id,email\n" +
			"  usher api get-user 01932c07-a5d4-7c2b-9d60-4f0a1f6f1b2e --output json\n" +
			"  usher api export-users --follow --out users.csv",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	o.connection(c)
	c.PersistentFlags().StringVar(&o.output, "output", "",
		"`form` of answers: table, json or csv; by default table on a terminal and json elsewhere")
	c.PersistentFlags().BoolVar(&o.headers, "headers", false,
		"write the status and the headers of answers, such as the ETag, to standard error")
	complete(c, "output", []string{asTable, asJSON, asCSV})
	if operations {
		s.operations(c, o)
	}
	return c
}

func (s Settings) operations(c *cobra.Command, o *options) {
	held, err := readContract(api.JSON)
	if err != nil {
		c.RunE = func(*cobra.Command, []string) error { return err }
		return
	}
	for _, t := range held.root.objects("tags") {
		c.AddGroup(&cobra.Group{ID: t.text("name"), Title: t.text("name") + ": " + plain(t.text("description"))})
	}
	for _, op := range spec.Operations() {
		c.AddCommand(s.command(held, op, o))
	}
}

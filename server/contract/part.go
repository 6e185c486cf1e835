package contract

// Parts compiles schemas of the contract for values that come by themselves, at JSON Pointers into it such as
// #/components/schemas/UserDraft/properties/email.
func Parts(document []byte, formats map[string]Format, pointers ...string) ([]*Schema, error) {
	c, err := compile(document, formats, nil)
	if err != nil {
		return nil, err
	}
	out := make([]*Schema, len(pointers))
	for i, pointer := range pointers {
		compiled, err := c.checked(pointer)
		if err != nil {
			return nil, err
		}
		out[i] = &Schema{compiled: compiled}
	}
	return out, nil
}

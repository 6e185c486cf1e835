package main

import "testing"

func TestRefusesBodies(t *testing.T) {
	const draft = "application/json: {schema: {$ref: '#/components/schemas/UserDraft'}}"
	const content = "        required: true\n        content:\n          " + draft
	const closed = "      required: [email]\n"
	const object = "      description: Every kind of member.\n      additionalProperties: false\n"
	refuses(t, map[string]mutation{
		"perhaps":               {content, "        content:\n          " + draft, "createUser: write required: true beside the content of its body; an absent body is never taken"},
		"in place":              {draft, "application/json: {schema: {type: object}}", "createUser: write its application/json body as a $ref to a schema"},
		"no schema":             {draft, "application/json: {}", "createUser: write its application/json body as a $ref to a schema"},
		"another language":      {draft, "application/xml: {schema: {$ref: '#/components/schemas/UserDraft'}}", "createUser: a body is JSON, a merge patch, a form, text/csv, multipart/form-data or application/octet-stream; application/xml is none of them"},
		"a stream without end":  {"      x-max-bytes: 1048576\n", "", "schema Picture: write x-max-bytes; a body that is read as a stream needs an end"},
		"no object":             {"    UserDraft:\n      type: object\n", "    UserDraft:\n", "schema UserDraft: write type: object; a request body has members"},
		"open":                  {object, "      description: Every kind of member.\n", "schema UserDraft: an object from a client needs additionalProperties: false (or x-open with the reason)"},
		"wide open":             {object, "      description: Every kind of member.\n      additionalProperties: true\n", "schema UserDraft: an object from a client needs additionalProperties: false (or x-open with the reason)"},
		"open without a reason": {object, "      description: Every kind of member.\n      x-open: true\n", "schema UserDraft: an object from a client needs additionalProperties: false (or x-open with the reason)"},
		"open to anything":      {object, "      description: Every kind of member.\n      x-open: for a test\n      additionalProperties: {type: string}\n", "schema UserDraft.*: a string from a client needs a maxLength\nschema UserDraft.*: a string from a client needs a pattern, a format or an enum"},
		"open within":           {"      description: An object in an object.\n      additionalProperties: false\n", "      description: An object in an object.\n", "schema UserDraft.address: an object from a client needs additionalProperties: false (or x-open with the reason)"},
		"null for nothing":      {"      x-merge-patch: true\n", "", "schema UserPatch: write x-merge-patch: true; null and left out would be the same in Go"},
		"a number in a form":    {"scope: {type: string, maxLength: 99, pattern: '^[a-z ]*$'}", "scope: {type: integer, minimum: 0, maximum: 9}", "schema TokenRequest: scope: write type: string; a form holds nothing else"},
		"allOf":                 {closed, closed + "      allOf: [{$ref: '#/components/schemas/Address'}]\n", "schema UserDraft: the keyword allOf is not understood in requests; say it with type, properties, enum, pattern and bounds"},
		"if":                    {closed, closed + "      if: {required: [age]}\n", "schema UserDraft: the keyword if is not understood in requests; say it with type, properties, enum, pattern and bounds"},
	})
}

func TestRefusesMembers(t *testing.T) {
	const age = "age: {type: integer, minimum: 0, maximum: 150}"
	const lists = "nicknames: {type: array, maxItems: 5, items: {type: string, maxLength: 30, pattern: '^[a-z]*$'}}"
	const one = "schema UserDraft.age: write the one type that a client sends, and 'null' beside it if that clears it"
	refuses(t, map[string]mutation{
		"no type":                {age, "age: {minimum: 0, maximum: 150}", one},
		"anything":               {age, "age: {}", one},
		"two types":              {age, "age: {type: [integer, string], minimum: 0, maximum: 150}", one},
		"null":                   {age, "age: {type: 'null'}", one},
		"oneOf":                  {age, "age: {type: string, maxLength: 3, pattern: x, oneOf: [{minLength: 1}]}", "schema UserDraft.age: the keyword oneOf is not understood in requests; say it with type, properties, enum, pattern and bounds"},
		"no minimum":             {age, "age: {type: integer, maximum: 150}", "schema UserDraft.age: a number from a client needs a minimum and a maximum"},
		"no maximum":             {age, "age: {type: [integer, 'null'], minimum: 0}", "schema UserDraft.age: a number from a client needs a minimum and a maximum"},
		"a number without end":   {"height: {type: number, minimum: 0, maximum: 3}", "height: {type: number, format: float}", "schema UserDraft.height: a number from a client needs a minimum and a maximum"},
		"a string of anything":   {"email: {type: string, format: email, maxLength: 254}", "email: {type: string, maxLength: 254}", "schema UserDraft.email: a string from a client needs a pattern, a format or an enum"},
		"a string without end":   {"email: {type: string, format: email, maxLength: 254}", "email: {type: string, format: email}", "schema UserDraft.email: a string from a client needs a maxLength"},
		"a list without end":     {lists, "nicknames: {type: array, items: {type: string, maxLength: 30, pattern: '^[a-z]*$'}}", "schema UserDraft.nicknames: a list from a client needs items and maxItems"},
		"a list of anything":     {lists, "nicknames: {type: array, maxItems: 5}", "schema UserDraft.nicknames: a list from a client needs items and maxItems"},
		"a list of long strings": {lists, "nicknames: {type: array, maxItems: 5, items: {type: string, pattern: '^[a-z]*$'}}", "schema UserDraft.nicknames[]: a string from a client needs a maxLength"},
		"an open object in a list": {lists, "nicknames: {type: array, maxItems: 5, items: {type: object, properties: {a: {type: string}}}}",
			"schema UserDraft.nicknames[].a: a string from a client needs a maxLength\nschema UserDraft.nicknames[].a: a string from a client needs a pattern, a format or an enum\nschema UserDraft.nicknames[]: an object from a client needs additionalProperties: false (or x-open with the reason)"},
		"an object in an object": {"city: {type: string, maxLength: 50, pattern: '^[A-Za-z]*$'}", "city: {type: string}", "schema UserDraft.address.city: a string from a client needs a maxLength\nschema UserDraft.address.city: a string from a client needs a pattern, a format or an enum"},
		"an object in itself":    {"city: {type: string, maxLength: 50, pattern: '^[A-Za-z]*$'}", "city: {$ref: '#/components/schemas/Address'}", "schema UserDraft.address.city: a schema inside itself has no end; write the levels out"},
	})
}

package main

import "testing"

func TestRefusesOperations(t *testing.T) {
	const tags = "signOut: give it exactly one of the tags listed at the top, not "
	const told = "signOut: give it a description, and a summary in one line without a full stop"
	const deprecated = "endSession: write deprecated: true and x-deprecated: {since: 2026-11-01, sunset: 2027-05-01} together; clients are told both days"
	const failed = "signOut: write its default response as a $ref to the response Failed, or OAuthFailed"
	const signOut = "      operationId: signOut\n      tags: [auth]\n      summary: Sign out\n      description: Anybody who is signed in may call it.\n      security: [{oauth2: []}]\n      responses:\n        '204': {description: Done.}\n        default: {$ref: '#/components/responses/Failed'}\n"
	const head = "      operationId: signOut\n      tags: [auth]\n"
	refuses(t, map[string]mutation{
		"no operationId":   {"      operationId: signOut\n", "", "POST /auth/logout: give it an operationId"},
		"no tag":           {head, "      operationId: signOut\n", tags + "[]"},
		"two tags":         {head, "      operationId: signOut\n      tags: [auth, signed-up-users]\n", tags + "[auth signed-up-users]"},
		"unknown tag":      {head, "      operationId: signOut\n      tags: [out]\n", tags + "[out]"},
		"no summary":       {"      summary: Sign out\n", "", told},
		"a full stop":      {"      summary: Sign out\n", "      summary: Sign out.\n", told},
		"two lines":        {"      summary: Sign out\n", "      summary: |\n        Sign\n        out\n", told},
		"no description":   {"      description: Anybody who is signed in may call it.\n", "", told},
		"no days":          {"      x-deprecated: {since: '2026-11-01', sunset: '2027-05-01'}\n", "", deprecated},
		"not deprecated":   {"      deprecated: true\n", "", deprecated},
		"gone before":      {"sunset: '2027-05-01'", "sunset: '2026-10-01'", deprecated},
		"HEAD":             {"    patch:\n", "    head: {operationId: headUser, responses: {default: {$ref: '#/components/responses/Failed'}}}\n    patch:\n", "HEAD /users/{user_id}: write it as one of GET, POST, PUT, PATCH, DELETE; others are not mounted"},
		"no default":       {signOut, signOut[:len(signOut)-len("        default: {$ref: '#/components/responses/Failed'}\n")], failed},
		"default in place": {signOut, signOut[:len(signOut)-len("{$ref: '#/components/responses/Failed'}\n")] + "{description: x}\n", failed},
		"another default":  {signOut, signOut[:len(signOut)-len("Failed'}\n")] + "TokenResponse'}\n", failed},
		"two parameters in a path": {"  /users/{user_id}/picture-url:\n    parameters:\n", "  /users/{user_id}/{session_id}:\n    parameters:\n      - $ref: '#/components/parameters/SessionID'\n",
			"setPictureUrl: leave one parameter in the path, not [user_id session_id]; ids are unique, so the last one will do"},
	})
}

func TestRefusesParameters(t *testing.T) {
	const cursor = "schema: {type: string, maxLength: 100, pattern: '^[a-z]*$'}"
	const simple = "listUsers: parameter cursor: write a schema in place, or the $ref of an enum: one string, integer or boolean, or in the query a list of strings in the usual style"
	refuses(t, map[string]mutation{
		"in place":               {"- $ref: '#/components/parameters/Count'", "- {name: count, in: query, schema: {type: boolean}}", "listUsers: parameter count: move it to components.parameters and write a $ref"},
		"no schema":              {cursor, "content: {application/json: {schema: {type: string}}}", simple},
		"a schema elsewhere":     {cursor, "schema: {$ref: '#/components/schemas/Token'}", simple},
		"no type":                {cursor, "schema: {maxLength: 100}", simple},
		"two types":              {cursor, "schema: {type: [string, 'null'], maxLength: 100, pattern: x}", simple},
		"a number":               {cursor, "schema: {type: number, minimum: 0, maximum: 1}", simple},
		"an object":              {cursor, "schema: {type: object, additionalProperties: false}", simple},
		"a list of numbers":      {cursor, "schema: {type: array, maxItems: 3, items: {type: integer, minimum: 0, maximum: 1}}", simple},
		"a list by default":      {cursor, "schema: {type: array, default: [x], maxItems: 3, items: {type: string, maxLength: 3, pattern: x}}", simple},
		"a list with commas":     {cursor, "explode: false, schema: {type: array, maxItems: 3, items: {type: string, maxLength: 3, pattern: x}}", simple},
		"a list in a header":     {"schema: {type: string, maxLength: 255, pattern: '^[!-~]*$'}", "schema: {type: array, maxItems: 3, items: {type: string, maxLength: 3, pattern: x}}", "createUser: parameter Idempotency-Key: write a schema in place, or the $ref of an enum: one string, integer or boolean, or in the query a list of strings in the usual style"},
		"a cookie":               {"Count: {name: count, in: query, schema: {type: boolean", "Count: {name: count, in: cookie, schema: {type: boolean", "listUsers: parameter count: write a schema in place, or the $ref of an enum: one string, integer or boolean, or in the query a list of strings in the usual style"},
		"a path with a number":   {"{name: nickname, in: path, required: true, schema: {type: string, maxLength: 30, pattern: '^[a-z]+$'}}", "{name: nickname, in: path, required: true, schema: {type: integer, minimum: 0, maximum: 9}}", "getPerson: parameter nickname: write {type: string, format: uuid}, or a string with a pattern; paths hold ids and names"},
		"a path without end":     {"schema: {type: string, maxLength: 30, pattern: '^[a-z]+$'}", "schema: {type: string}", "getPerson: parameter nickname: a string from a client needs a maxLength\ngetPerson: parameter nickname: a string from a client needs a pattern, a format or an enum"},
		"a string without end":   {cursor, "schema: {type: string}", "listUsers: parameter cursor: a string from a client needs a maxLength\nlistUsers: parameter cursor: a string from a client needs a pattern, a format or an enum"},
		"a number without end":   {"minimum: 1, maximum: 2000000, ", "", "listUsers: parameter limit: a number from a client needs a minimum and a maximum"},
		"a list without end":     {"type: array, maxItems: 3, items: {type: string, enum: [READER, ADMIN]}", "type: array, items: {type: string, enum: [READER, ADMIN]}", "listUsers: parameter role: a list from a client needs items and maxItems"},
		"a list of long strings": {"items: {type: string, enum: [READER, ADMIN]}", "items: {type: string, pattern: x}", "listUsers: parameter role[]: a string from a client needs a maxLength"},
	})
}

func TestRefusesConventions(t *testing.T) {
	const page = "listUsers: a page takes the parameters limit and cursor and answers 200 with a Link header; write all three, or none"
	const resource = "getUser: a resource takes If-None-Match and answers 200 with an ETag; write both"
	const created = "createUser: a POST that creates takes an Idempotency-Key and answers 201 with a Location; write both"
	const person = "getPerson: a resource takes If-None-Match and answers 200 with an ETag; write both"
	const patch = "updateUser: a PATCH has an application/merge-patch+json body, takes If-Match and answers 200 with an ETag; write all three"
	refuses(t, map[string]mutation{
		"a page without a limit":      {"        - $ref: '#/components/parameters/Limit'\n", "", page},
		"a page without a cursor":     {"        - $ref: '#/components/parameters/Cursor'\n", "", page + "\nlistUsers: a resource takes If-None-Match and answers 200 with an ETag; write both"},
		"a page without a link":       {"      headers: {Link: {schema: {type: string}}}\n", "", page},
		"a resource without a tag":    {"      headers: {ETag: {schema: {type: string}}}\n", "", person + "\n" + resource + "\n" + patch},
		"a resource always sent":      {"- $ref: '#/components/parameters/IfNoneMatch'", "- $ref: '#/components/parameters/Count'", resource},
		"created twice":               {"- $ref: '#/components/parameters/IdempotencyKey'", "- $ref: '#/components/parameters/Count'", created},
		"created nobody knows where":  {"      headers: {Location: {schema: {type: string}}}\n", "", created},
		"a patch without a condition": {"- $ref: '#/components/parameters/IfMatch'", "- $ref: '#/components/parameters/Count'", patch},
		"a patch of another kind":     {"application/merge-patch+json:", "application/json:", patch},
	})
}

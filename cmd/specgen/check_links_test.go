package main

import "testing"

func TestRefusesLinks(t *testing.T) {
	const token = "        token: {operationId: issueToken}\n"
	const self = "self: {operationId: getUser, parameters: {user_id: $response.body#/id}}"
	refuses(t, map[string]mutation{
		"no such operation":   {token, "        token: {operationId: getToken}\n", `response UserCreatedResponse: link token: there is no operation "getToken"; write the operationId of one that is there`},
		"by reference":        {token, "        token: {operationRef: '#/paths/~1users/get'}\n", `response UserCreatedResponse: link token: there is no operation ""; write the operationId of one that is there`},
		"for clients":         {token, "        token: {operationId: introspectToken}\n", "response UserCreatedResponse: link token: drop it; only service clients may call introspectToken, and they follow no links"},
		"no parameter":        {self, "self: {operationId: getUser}", "response UserResponse: link self: parameters are what the path of getUser has, [user_id]"},
		"another parameter":   {self, "self: {operationId: getUser, parameters: {id: $response.body#/id}}", "response UserResponse: link self: parameters are what the path of getUser has, [user_id]"},
		"a parameter in vain": {token, "        token: {operationId: issueToken, parameters: {user_id: $response.body#/id}}\n", "response UserCreatedResponse: link token: parameters are what the path of issueToken has, []"},
		"from the request":    {self, "self: {operationId: getUser, parameters: {user_id: $request.path.user_id}}", "response UserResponse: link self: fill user_id from a member of the response, $response.body#/id, not from $request.path.user_id"},
		"a constant":          {self, "self: {operationId: getUser, parameters: {user_id: 7}}", "response UserResponse: link self: fill user_id from a member of the response, $response.body#/id, not from 7"},
		"from deep within":    {self, "self: {operationId: getUser, parameters: {user_id: $response.body#/friend/id}}", "response UserResponse: link self: fill user_id from a member of the response, $response.body#/id, not from $response.body#/friend/id"},
		"from no member":      {self, "self: {operationId: getUser, parameters: {user_id: $response.body#/uid}}", "response UserResponse: link self: fill user_id from a member that is {type: string, format: uuid}, which uid is not"},
		"a name from an id":   {"{nickname: $response.body#/nickname}", "{nickname: $response.body#/id}", "response UserResponse: link person: fill nickname from a member that is a string and no id, which id is not"},
		"from no id":          {self, "self: {operationId: getUser, parameters: {user_id: $response.body#/friend}}", "response UserResponse: link self: fill user_id from a member that is {type: string, format: uuid}, which friend is not"},
		"name of a response":  {"    OAuthFailed:\n      description: A failure as RFC 6749 has it.\n", "    OAuthFailed:\n      description: x\n      links: {token: {operationId: issueToken}}\n", "response OAuthFailed: it has links, so name it after its resource: OAuthFailedResponse"},
		"out of sight":        {"'204': {description: Done.}", "'204': {description: Done., links: {token: {operationId: issueToken}}}", "signOut: move its 204 to components.responses, named ...Response; links are read there"},
	})
}

func TestRefusesFacts(t *testing.T) {
	const id = "      required: [user_id]\n      properties: {user_id: {type: string, format: uuid}}\n"
	const body = "schema UserDeleted: a fact is about a user; give it a required user_id: {type: string, format: uuid}"
	refuses(t, map[string]mutation{
		"not a POST":         {"  user.deleted:\n    post:\n", "  user.deleted:\n    put:\n", "webhook user.deleted: give its POST an application/json body that is a $ref to a schema"},
		"nothing":            {"  user.created:\n", "  user.lost: {}\n  user.created:\n", "webhook user.lost: give its POST an application/json body that is a $ref to a schema"},
		"no body":            {"      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/UserDeleted'}}}}\n", "", "webhook user.deleted: give its POST an application/json body that is a $ref to a schema"},
		"a body in place":    {"{$ref: '#/components/schemas/UserDeleted'}", "{type: object}", "webhook user.deleted: give its POST an application/json body that is a $ref to a schema"},
		"no summary":         {"      summary: Somebody left\n", "", "webhook user.deleted: say in a summary what happened: one line without a full stop"},
		"a full stop":        {"      summary: Somebody left\n", "      summary: Somebody left.\n", "webhook user.deleted: say in a summary what happened: one line without a full stop"},
		"two lines":          {"      summary: Somebody left\n", "      summary: |\n        Somebody\n        left\n", "webhook user.deleted: say in a summary what happened: one line without a full stop"},
		"another's schema":   {"schemas/UserDeleted", "schemas/UserCreated", "webhook user.deleted: give it a schema of its own; UserCreated is what user.created tells"},
		"about nobody":       {id, "", body},
		"perhaps about some": {id, "      properties: {user_id: {type: string, format: uuid}}\n", body},
		"about a name":       {id, "      required: [user_id]\n      properties: {user_id: {type: string}}\n", body},
		"a member kind":      {id, id[:len(id)-2] + ", kind: {type: string}}\n", "schema UserDeleted: rename the member kind; every fact has a method Kind"},
		"a member subject":   {id, id[:len(id)-2] + ", subject: {type: string}}\n", "schema UserDeleted: rename the member subject; every fact has a method Subject"},
	})
}

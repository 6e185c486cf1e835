package main

import "testing"

func TestRefusesNames(t *testing.T) {
	refuses(t, map[string]mutation{
		"operation":             {"operationId: signOut", "operationId: sign-out", `operation "sign-out": write it like suspendUser`},
		"operations alike":      {"operationId: signOut", "operationId: setPictureURL", "operation setPictureUrl: setPictureURL has the same name in Go, SetPictureURL; rename one of them"},
		"tag":                   {"  - name: auth\n", "  - name: auth\n  - name: Sign in\n", `tag "Sign in": write it like users`},
		"tag as a schema":       {"  - name: auth\n", "  - name: auth\n  - name: user-page\n", "tag user-page: the schema UserPage has the same name in Go; rename one of them"},
		"scope":                 {"            users:read: ", "            Users:Mail: Mail users\n            users:read: ", `scope "Users:Mail": write it like users:read:own`},
		"scopes alike":          {"            users:read: ", "            users:read-own: Read\n            users:read: ", "scope users:read:own: users:read-own has the same name in Go, UsersReadOwn; rename one of them"},
		"role":                  {"        GUEST: []\n", "        GUEST: []\n        King: []\n", "x-role-scopes: add King to the enum Role, or drop it here"},
		"role in small letters": {"enum: [GUEST,", "enum: [GUEST, king,", "role \"king\": write it like MODERATOR\nx-role-scopes: give role king a list of the scopes it adds, [] if none"},
		"role twice":            {"enum: [GUEST,", "enum: [GUEST, GUEST,", "role GUEST: list it once"},
		"problem":               {"email-taken]", "email-taken, Email_gone]", "problem \"Email_gone\": write it like email-taken\nx-problems: give Email_gone a status, the number of an HTTP status of 400 or more\nx-problems: give Email_gone a title and a description"},
		"problem of a number":   {"email-taken]", "email-taken, 7]", "problem \"7\": write it like email-taken\nx-problems: give 7 a status, the number of an HTTP status of 400 or more\nx-problems: give 7 a title and a description"},
		"problem twice":         {"email-taken]", "email-taken, email-taken]", "problem email-taken: list it once"},
		"webhook":               {"  user.created:", "  userCreated:", `webhook "userCreated": write it like user.suspended`},
		"schema":                {"    UserPage:\n", "    user_list: {type: object, description: x, examples: [{}]}\n    UserPage:\n", `schema "user_list": write it like UserPage`},
		"response":              {"    Failed:\n", "    not_found: {description: x}\n    Failed:\n", `response "not_found": write it like UserResponse`},
	})
}

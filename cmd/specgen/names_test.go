package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGoNames(t *testing.T) {
	// As ToCamelCaseWithInitialisms of oapi-codegen 2.8 has them.
	for name, want := range map[string]string{
		"email-taken":       "EmailTaken",
		"users:read:own":    "UsersReadOwn",
		"user_id":           "UserID",
		"ADMIN":             "ADMIN",
		"getUser":           "GetUser",
		"getUserUrl":        "GetUserURL",
		"listIds":           "ListIds",
		"exportCSV":         "ExportCSV",
		"smtp-down":         "SMTPDown",
		"2fa-required":      "2FaRequired",
		"oauth2clients":     "Oauth2Clients",
		"utf8":              "UTF8",
		"verify-2fa-code":   "Verify2FaCode",
		"VERY_IMPORTANT":    "VERYIMPORTANT",
		"picture url":       "PictureURL",
		"subscriptions.ics": "SubscriptionsIcs",
	} {
		require.Equal(t, want, camel(name), name)
	}
	require.Equal(t, "userID", variable("user_id"))
	require.Equal(t, "id", variable("id"))
}

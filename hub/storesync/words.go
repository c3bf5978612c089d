package storesync

import (
	"fmt"
	"strings"

	"plait/hub/store"
)

// minute is how a time is written where its seconds mean nothing.
const minute = "2006-01-02 15:04 MST"

func quoted(s string) string { return "“" + s + "”" }

// inBrackets is "" for nothing.
func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

// firstFew cuts a list and says how many more there are.
func firstFew(list []string, n int) []string {
	if len(list) <= n {
		return list
	}
	return append(list[:n:n], fmt.Sprintf("and %d more", len(list)-n))
}

// named joins quoted names, at most five.
func named(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = quoted(n)
	}
	return strings.Join(firstFew(q, 5), ", ")
}

// count is "1 item", "3 items".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// inWordsRole are the roles of stores as people call them.
var inWordsRole = map[string]string{
	store.HeadOffice: "head office", store.Branch: "branch", store.Single: "single store", store.MasterList: "master list",
}

package api

import "plait/hub/access"

// need is the access that a route takes.
type need string

// The needs. The last three are operators' roles.
const (
	everyone need = "everyone"
	newcomer need = "newcomer" // an agent with an enrolment code; throttled
	agent    need = "agent"    // a store's credential
	viewer        = need(access.Viewer)
	operate       = need(access.Operator)
	admin         = need(access.Admin)
)

// route is one line of the table.
type route struct {
	pattern string // as http.ServeMux reads it
	need    need
	handle  handler
}

// routes is every route of the hub, with the access that it needs.
var routes = []route{
	{"GET /healthz", everyone, query(healthz)},

	{"POST /agent/v1/enroll", newcomer, message(enroll)},
	{"POST /agent/v1/hello", agent, message(hello)},
	{"POST /agent/v1/profile", agent, message(profile)},
	{"GET /agent/v1/catalog/{digest}", agent, packed(catalogue)},
	{"POST /agent/v1/links", agent, message(links)},
	{"POST /agent/v1/repairs", agent, message(repairs)},
	{"POST /agent/v1/reconcile", agent, message(sums)},
	{"POST /agent/v1/reconcile/keys", agent, message(keys)},
	{"POST /agent/v1/batch", agent, bulk(batch)},
	{"POST /agent/v1/next", agent, message(next)},
	{"GET /agent/v1/payload/{hash}", agent, packed(payload)},
	{"POST /agent/v1/begin", agent, message(begin)},
	{"POST /agent/v1/bye", agent, message(bye)},
	{"POST /agent/v1/full/begin", agent, message(fullBegin)},
	{"POST /agent/v1/full/chunk", agent, bulk(fullChunk)},
	{"POST /agent/v1/full/commit", agent, message(fullCommit)},

	{"GET /api/v1/health", viewer, query(health)},
	{"GET /api/v1/audit", viewer, query(audit)},
	{"GET /api/v1/networks", viewer, query(networks)},
	{"POST /api/v1/networks", admin, message(addNetwork)},
	{"GET /api/v1/networks/{network}", viewer, query(network)},
	{"PATCH /api/v1/networks/{network}", admin, message(setNetwork)},
	{"POST /api/v1/networks/{network}/policy", admin, message(setPolicy)},
	{"POST /api/v1/networks/{network}/policy/test", operate, message(testPolicy)},
	{"POST /api/v1/networks/{network}/stores", admin, message(addStore)},
	{"GET /api/v1/stores", viewer, query(stores)},
	{"GET /api/v1/stores/{store}", viewer, query(oneStore)},
	{"PATCH /api/v1/stores/{store}", admin, message(setStore)},
	{"POST /api/v1/stores/{store}/switch", operate, message(switchStore)},
	{"POST /api/v1/stores/{store}/link", admin, message(linkStore)},
	{"POST /api/v1/stores/{store}/review", operate, message(reviewStore)},
	{"POST /api/v1/stores/{store}/review/decline", operate, query(declineReview)},
	{"POST /api/v1/stores/{store}/code", admin, query(newCode)},
	{"POST /api/v1/stores/{store}/revoke", admin, message(revokeStore)},
	{"POST /api/v1/stores/{store}/release", operate, query(releaseStore)},
	{"POST /api/v1/stores/{store}/retry", operate, query(retryStore)},
	{"POST /api/v1/stores/{store}/upload", operate, message(askUpload)},
	{"GET /api/v1/stores/{store}/queue", viewer, query(queueOf)},
	{"GET /api/v1/stores/{store}/jobs", viewer, query(jobsOf)},
	{"GET /api/v1/queue", viewer, query(queueOfAll)},
	{"GET /api/v1/jobs/{job}", viewer, query(job)},
	{"POST /api/v1/jobs/{job}/cancel", operate, query(cancelJob)},
	{"GET /api/v1/tokens", admin, query(tokens)},
	{"POST /api/v1/tokens", admin, message(addToken)},
	{"DELETE /api/v1/tokens/{token}", admin, query(revokeToken)},

	{"POST /api/v1/networks/{network}/tests", operate, message(test)},
	{"GET /api/v1/networks/{network}/tests/{digest}", viewer, query(oneTest)},
	{"GET /api/v1/networks/{network}/tests/{digest}/stores/{store}", viewer, query(testOfStore)},
	{"GET /api/v1/networks/{network}/tests/{digest}/stores/{store}/items", viewer, query(itemsOfTest)},
	{"POST /api/v1/networks/{network}/tests/{digest}/run", operate, message(run)},
	{"GET /api/v1/networks/{network}/lists", viewer, query(lists)},
	{"POST /api/v1/networks/{network}/lists", operate, message(addList)},
	{"PUT /api/v1/lists/{list}/{kind}", operate, sheet(importSheet)},
	{"GET /api/v1/lists/{list}/{kind}", viewer, query(exportSheet)},
	{"GET /api/v1/networks/{network}/items/{kind}/where", viewer, query(where)},
	{"GET /api/v1/networks/{network}/items/{kind}/lag", viewer, query(lag)},
	{"GET /api/v1/networks/{network}/items/{kind}/why", viewer, query(why)},
	{"GET /api/v1/networks/{network}/items/{kind}/same", viewer, query(marks)},
	{"DELETE /api/v1/networks/{network}/items/{kind}/same/{uid}", operate, query(apart)},
	{"GET /api/v1/networks/{network}/setup", viewer, query(setupOfAll)},
	{"GET /api/v1/stores/{store}/setup", viewer, query(setupOf)},
	{"GET /api/v1/networks/{network}/drift", viewer, query(driftOfAll)},
	{"GET /api/v1/stores/{store}/drift", viewer, query(driftOf)},
	{"GET /api/v1/stores/{store}/repairs", viewer, query(repairsOf)},
	{"GET /api/v1/networks/{network}/saved", viewer, query(savedSyncs)},
	{"POST /api/v1/networks/{network}/saved", operate, message(saveSync)},
	{"GET /api/v1/networks/{network}/saved/{saved}", viewer, query(savedSync)},
	{"DELETE /api/v1/networks/{network}/saved/{saved}", operate, query(forgetSync)},
	{"POST /api/v1/networks/{network}/saved/{saved}/test", operate, query(testSaved)},
	{"GET /api/v1/networks/{network}/syncs", viewer, query(syncs)},
	{"GET /api/v1/networks/{network}/syncs/{sync}", viewer, query(oneSync)},
	{"POST /api/v1/networks/{network}/syncs/{sync}/cancel", operate, query(cancelSync)},
	{"POST /api/v1/networks/{network}/syncs/{sync}/continue", operate, query(continueSync)},
	{"POST /api/v1/networks/{network}/syncs/{sync}/again", operate, query(againSync)},
	{"POST /api/v1/networks/{network}/syncs/{sync}/retry", operate, query(retrySync)},
	{"POST /api/v1/networks/{network}/syncs/{sync}/revert", operate, message(testRevert)},
}

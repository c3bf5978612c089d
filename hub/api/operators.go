package api

import (
	"strconv"

	"plait/hub/operator"
	"plait/hub/storesync"
	"plait/shared/wire"
)

func health(s *Server, c *call) (operator.Health, error) { return s.desk.Health(c.Context(), c.who) }

func audit(s *Server, c *call) ([]operator.Entry, error) {
	q := c.URL.Query()
	before, err := number(q.Get("before"))
	if err != nil {
		return nil, err
	}
	limit, err := number(q.Get("limit"))
	if err != nil {
		return nil, err
	}
	return s.desk.Audit(c.Context(), c.who, q.Get("network"), before, int(limit))
}

// number reads a parameter that may be absent.
func number(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, wire.Refuse(wire.CodeBadRequest, "%.20q is not a number", text)
	}
	return n, nil
}

func networks(s *Server, c *call) ([]operator.Network, error) {
	return s.desk.Networks(c.Context(), c.who)
}

func network(s *Server, c *call) (operator.Network, error) {
	return s.desk.Network(c.Context(), c.who, c.PathValue("network"))
}

func addNetwork(s *Server, c *call, m operator.NewNetwork) (operator.Network, error) {
	return s.desk.AddNetwork(c.Context(), c.who, m)
}

func setNetwork(s *Server, c *call, m operator.SetNetwork) (operator.Network, error) {
	return s.desk.SetNetwork(c.Context(), c.who, c.PathValue("network"), m)
}

func testPolicy(s *Server, c *call, m operator.ChangePolicy) (storesync.PolicyTest, error) {
	return s.desk.TestPolicy(c.Context(), c.who, c.PathValue("network"), m)
}

func setPolicy(s *Server, c *call, m operator.ChangePolicy) (operator.Network, error) {
	return s.desk.SetPolicy(c.Context(), c.who, c.PathValue("network"), m)
}

func stores(s *Server, c *call) ([]operator.Store, error) {
	return s.desk.Stores(c.Context(), c.who, c.URL.Query().Get("network"))
}

func oneStore(s *Server, c *call) (operator.StoreDetail, error) {
	return s.desk.Store(c.Context(), c.who, c.PathValue("store"))
}

func addStore(s *Server, c *call, m operator.NewStore) (operator.Enrolment, error) {
	return s.desk.AddStore(c.Context(), c.who, c.PathValue("network"), m)
}

func setStore(s *Server, c *call, m operator.SetStore) (operator.Store, error) {
	return s.desk.SetStore(c.Context(), c.who, c.PathValue("store"), m)
}

func newCode(s *Server, c *call) (operator.Enrolment, error) {
	return s.desk.Code(c.Context(), c.who, c.PathValue("store"))
}

func switchStore(s *Server, c *call, m operator.SwitchStore) (operator.Switched, error) {
	return s.desk.Switch(c.Context(), c.who, c.PathValue("store"), m)
}

func reviewStore(s *Server, c *call, m storesync.ReviewRequest) (storesync.Review, error) {
	return s.desk.Review(c.Context(), c.who, c.PathValue("store"), m)
}

func declineReview(s *Server, c *call) ([]storesync.Declined, error) {
	return s.desk.DeclineReview(c.Context(), c.who, c.PathValue("store"))
}

func linkStore(s *Server, c *call, m operator.LinkStore) (operator.Store, error) {
	return s.desk.Link(c.Context(), c.who, c.PathValue("store"), m)
}

func revokeStore(s *Server, c *call, m operator.RevokeStore) (operator.Revoked, error) {
	return s.desk.Revoke(c.Context(), c.who, c.PathValue("store"), m)
}

func releaseStore(s *Server, c *call) (operator.Release, error) {
	return s.desk.Release(c.Context(), c.who, c.PathValue("store"))
}

func askUpload(s *Server, c *call, m operator.AskUpload) (operator.AskedUpload, error) {
	return s.desk.AskUpload(c.Context(), c.who, c.PathValue("store"), m)
}

func queueOf(s *Server, c *call) ([]operator.Job, error) {
	return s.desk.Queue(c.Context(), c.who, c.PathValue("store"))
}

func queueOfAll(s *Server, c *call) ([]operator.Job, error) {
	return s.desk.Queue(c.Context(), c.who, "")
}

func jobsOf(s *Server, c *call) ([]operator.Job, error) {
	return s.desk.Jobs(c.Context(), c.who, c.PathValue("store"))
}

func job(s *Server, c *call) (operator.JobDetail, error) {
	return s.desk.Job(c.Context(), c.who, c.PathValue("job"))
}

func cancelJob(s *Server, c *call) (operator.Job, error) {
	return s.desk.CancelJob(c.Context(), c.who, c.PathValue("job"))
}

func tokens(s *Server, c *call) ([]operator.Token, error) { return s.desk.Tokens(c.Context(), c.who) }

func addToken(s *Server, c *call, m operator.NewToken) (operator.MadeToken, error) {
	return s.desk.AddToken(c.Context(), c.who, m)
}

func revokeToken(s *Server, c *call) (done, error) {
	return done{}, s.desk.RevokeToken(c.Context(), c.who, c.PathValue("token"))
}

func test(s *Server, c *call, m storesync.Request) (storesync.Plan, error) {
	return s.desk.Test(c.Context(), c.who, c.PathValue("network"), m)
}

func oneTest(s *Server, c *call) (storesync.Plan, error) {
	return s.desk.Plan(c.Context(), c.who, c.PathValue("network"), c.PathValue("digest"))
}

func testOfStore(s *Server, c *call) (storesync.StoreDetail, error) {
	return s.desk.PlanOfStore(c.Context(), c.who, c.PathValue("network"), c.PathValue("digest"), c.PathValue("store"))
}

func run(s *Server, c *call, m storesync.Confirm) (storesync.Sync, error) {
	return s.desk.Run(c.Context(), c.who, c.PathValue("network"), c.PathValue("digest"), m)
}

func savedSyncs(s *Server, c *call) ([]storesync.SavedSync, error) {
	return s.desk.SavedSyncs(c.Context(), c.who, c.PathValue("network"))
}

func savedSync(s *Server, c *call) (storesync.SavedSync, error) {
	return s.desk.SavedSync(c.Context(), c.who, c.PathValue("network"), c.PathValue("saved"))
}

func saveSync(s *Server, c *call, m operator.SaveSync) (storesync.SavedSync, error) {
	return s.desk.SaveSync(c.Context(), c.who, c.PathValue("network"), m)
}

func forgetSync(s *Server, c *call) (done, error) {
	return done{}, s.desk.ForgetSync(c.Context(), c.who, c.PathValue("network"), c.PathValue("saved"))
}

func testSaved(s *Server, c *call) (storesync.Plan, error) {
	return s.desk.TestSaved(c.Context(), c.who, c.PathValue("network"), c.PathValue("saved"))
}

func syncs(s *Server, c *call) ([]storesync.Sync, error) {
	return s.desk.Syncs(c.Context(), c.who, c.PathValue("network"))
}

func oneSync(s *Server, c *call) (storesync.Sync, error) {
	return s.desk.ShowSync(c.Context(), c.who, c.PathValue("network"), c.PathValue("sync"))
}

func againSync(s *Server, c *call) (storesync.Plan, error) {
	return s.desk.AgainSync(c.Context(), c.who, c.PathValue("network"), c.PathValue("sync"))
}

func retrySync(s *Server, c *call) ([]storesync.Retried, error) {
	return s.desk.RetrySync(c.Context(), c.who, c.PathValue("network"), c.PathValue("sync"))
}

func retryStore(s *Server, c *call) ([]storesync.Retried, error) {
	return s.desk.RetryStore(c.Context(), c.who, c.PathValue("store"))
}

func continueSync(s *Server, c *call) (storesync.Sync, error) {
	return s.desk.ContinueSync(c.Context(), c.who, c.PathValue("network"), c.PathValue("sync"))
}

func testRevert(s *Server, c *call, m storesync.RevertRequest) (storesync.Plan, error) {
	return s.desk.TestRevert(c.Context(), c.who, c.PathValue("network"), c.PathValue("sync"), m)
}

func cancelSync(s *Server, c *call) (storesync.Sync, error) {
	return s.desk.CancelSync(c.Context(), c.who, c.PathValue("network"), c.PathValue("sync"))
}

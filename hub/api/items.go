package api

import "plait/hub/storesync"

// itemsAsk reads what of a list of items is asked for.
func itemsAsk(c *call) (ask storesync.ItemsAsk, err error) {
	q := c.URL.Query()
	ask = storesync.ItemsAsk{Kind: q.Get("kind"), Item: q.Get("item"), Action: q.Get("action"), After: -1}
	limit, err := number(q.Get("limit"))
	if err != nil {
		return ask, err
	}
	ask.Limit = int(limit)
	if q.Has("after") {
		after, err := number(q.Get("after"))
		if err != nil {
			return ask, err
		}
		ask.After = int(after)
	}
	return ask, nil
}

func itemsOfTest(s *Server, c *call) (storesync.ItemsPage, error) {
	ask, err := itemsAsk(c)
	if err != nil {
		return storesync.ItemsPage{}, err
	}
	return s.desk.PlanItems(c.Context(), c.who, c.PathValue("network"), c.PathValue("digest"), c.PathValue("store"), ask)
}

func itemRef(c *call) storesync.ItemRef {
	q := c.URL.Query()
	return storesync.ItemRef{Kind: c.PathValue("kind"), Item: q.Get("item"), At: q.Get("at")}
}

func storesAsk(c *call) (ask storesync.StoresAsk, err error) {
	q := c.URL.Query()
	limit, err := number(q.Get("limit"))
	return storesync.StoresAsk{After: q.Get("after"), Limit: int(limit)}, err
}

func where(s *Server, c *call) (storesync.WherePage, error) {
	stores, err := storesAsk(c)
	if err != nil {
		return storesync.WherePage{}, err
	}
	q := c.URL.Query()
	ask := storesync.WhereAsk{ItemRef: itemRef(c), StoresAsk: stores, Fields: q["field"], Lacking: q.Get("lacking") == "true"}
	return s.desk.Where(c.Context(), c.who, c.PathValue("network"), ask)
}

func lag(s *Server, c *call) (storesync.LagPage, error) {
	stores, err := storesAsk(c)
	if err != nil {
		return storesync.LagPage{}, err
	}
	q := c.URL.Query()
	ask := storesync.LagAsk{ItemRef: itemRef(c), StoresAsk: stores, Field: q.Get("field"), Value: q.Get("value")}
	return s.desk.Lag(c.Context(), c.who, c.PathValue("network"), ask)
}

func marks(s *Server, c *call) ([]storesync.SameMark, error) {
	return s.desk.Marks(c.Context(), c.who, c.PathValue("network"), c.PathValue("kind"))
}

func apart(s *Server, c *call) (storesync.Apart, error) {
	return s.desk.Apart(c.Context(), c.who, c.PathValue("network"), c.PathValue("kind"), c.PathValue("uid"))
}

func why(s *Server, c *call) (storesync.Why, error) {
	q := c.URL.Query()
	return s.desk.Why(c.Context(), c.who, c.PathValue("network"), storesync.WhyAsk{ItemRef: itemRef(c), Store: q.Get("store"), Field: q.Get("field")})
}

func setupOf(s *Server, c *call) (storesync.SetupPage, error) {
	q := c.URL.Query()
	limit, err := number(q.Get("limit"))
	if err != nil {
		return storesync.SetupPage{}, err
	}
	return s.desk.Setup(c.Context(), c.who, c.PathValue("store"), storesync.SetupAsk{After: q.Get("after"), Limit: int(limit)})
}

func setupOfAll(s *Server, c *call) (storesync.SetupCounts, error) {
	ask, err := storesAsk(c)
	if err != nil {
		return storesync.SetupCounts{}, err
	}
	return s.desk.SetupOfAll(c.Context(), c.who, c.PathValue("network"), ask)
}

func driftAsk(c *call) (storesync.DriftAsk, error) {
	q := c.URL.Query()
	limit, err := number(q.Get("limit"))
	return storesync.DriftAsk{Kind: q.Get("kind"), After: q.Get("after"), Limit: int(limit)}, err
}

func driftOf(s *Server, c *call) (storesync.DriftPage, error) {
	ask, err := driftAsk(c)
	if err != nil {
		return storesync.DriftPage{}, err
	}
	return s.desk.Drift(c.Context(), c.who, c.PathValue("store"), ask)
}

func repairsOf(s *Server, c *call) (storesync.RepairsPage, error) {
	ask, err := driftAsk(c)
	if err != nil {
		return storesync.RepairsPage{}, err
	}
	return s.desk.Repairs(c.Context(), c.who, c.PathValue("store"), ask)
}

func driftOfAll(s *Server, c *call) (storesync.DriftCounts, error) {
	ask, err := storesAsk(c)
	if err != nil {
		return storesync.DriftCounts{}, err
	}
	return s.desk.DriftOfAll(c.Context(), c.who, c.PathValue("network"), ask)
}

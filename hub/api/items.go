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

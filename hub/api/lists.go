package api

import (
	"cmp"

	"plait/hub/masterlist"
	"plait/hub/operator"
)

func lists(s *Server, c *call) ([]operator.List, error) {
	return s.desk.Lists(c.Context(), c.who, c.PathValue("network"))
}

func addList(s *Server, c *call, m operator.NewList) (operator.List, error) {
	return s.desk.AddList(c.Context(), c.who, c.PathValue("network"), m)
}

func importSheet(s *Server, c *call, body []byte) (operator.Imported, error) {
	q := c.URL.Query()
	return s.desk.Import(c.Context(), c.who, c.PathValue("list"), operator.Sheet{
		Kind: c.PathValue("kind"), Format: cmp.Or(q.Get("format"), masterlist.CSV), Body: body, Add: q.Get("add") == "1", Test: q.Get("test") == "1",
	})
}

func exportSheet(s *Server, c *call) (operator.Exported, error) {
	return s.desk.Export(c.Context(), c.who, c.PathValue("list"), c.PathValue("kind"), cmp.Or(c.URL.Query().Get("format"), masterlist.CSV))
}

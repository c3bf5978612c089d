package api

import (
	"context"

	"plait/shared/wire"
)

// Agents are the rooms to which the agents' messages go. Each method takes the
// id of the store that speaks, and its errors are *wire.Error where the agent is
// to decide by them.
type Agents struct {
	Contact interface {
		Hello(ctx context.Context, store string, m wire.Hello) (wire.Welcome, error)
		Profile(ctx context.Context, store string, m wire.Profile) error
		Catalog(ctx context.Context, store, digest string) ([]byte, error)
		Links(ctx context.Context, store string, m wire.LinksAsk) (wire.LinksPage, error)
		Repairs(ctx context.Context, store string, m wire.Repairs) error
		Bye(ctx context.Context, store string, m wire.Bye) (wire.ByeAnswer, error)
	}
	// Ingest takes bodies compressed, as they travelled.
	Ingest interface {
		Reconcile(ctx context.Context, store string, m wire.Sums) (wire.SumsAnswer, error)
		ReconcileKeys(ctx context.Context, store string, m wire.Keys) (wire.KeysAnswer, error)
		Batch(ctx context.Context, store string, compressed []byte) (wire.BatchAck, error)
		FullBegin(ctx context.Context, store string, m wire.FullBegin) (wire.FullState, error)
		FullChunk(ctx context.Context, store string, compressed []byte) (wire.FullState, error)
		FullCommit(ctx context.Context, store string, m wire.FullCommit) (wire.FullState, error)
	}
	Queue interface {
		Next(ctx context.Context, store string, m wire.NextAsk) (wire.NextAnswer, error)
		Begin(ctx context.Context, store string, m wire.Begin) (wire.BeginAnswer, error)
		// Payload answers with a content as it travels.
		Payload(ctx context.Context, store, hash string) ([]byte, error)
	}
}

// done is the answer that says nothing but that it was done.
type done struct{}

func healthz(*Server, *call) (done, error) { return done{}, nil }

func enroll(s *Server, c *call, m wire.Enroll) (wire.Enrolled, error) {
	return s.door.Redeem(c.Context(), m)
}

func hello(s *Server, c *call, m wire.Hello) (wire.Welcome, error) {
	return s.agents.Contact.Hello(c.Context(), c.store.ID, m)
}

func profile(s *Server, c *call, m wire.Profile) (done, error) {
	return done{}, s.agents.Contact.Profile(c.Context(), c.store.ID, m)
}

func links(s *Server, c *call, m wire.LinksAsk) (wire.LinksPage, error) {
	return s.agents.Contact.Links(c.Context(), c.store.ID, m)
}

func repairs(s *Server, c *call, m wire.Repairs) (done, error) {
	return done{}, s.agents.Contact.Repairs(c.Context(), c.store.ID, m)
}

func bye(s *Server, c *call, m wire.Bye) (wire.ByeAnswer, error) {
	return s.agents.Contact.Bye(c.Context(), c.store.ID, m)
}

func sums(s *Server, c *call, m wire.Sums) (wire.SumsAnswer, error) {
	return s.agents.Ingest.Reconcile(c.Context(), c.store.ID, m)
}

func keys(s *Server, c *call, m wire.Keys) (wire.KeysAnswer, error) {
	return s.agents.Ingest.ReconcileKeys(c.Context(), c.store.ID, m)
}

func batch(s *Server, c *call, compressed []byte) (wire.BatchAck, error) {
	return s.agents.Ingest.Batch(c.Context(), c.store.ID, compressed)
}

func fullBegin(s *Server, c *call, m wire.FullBegin) (wire.FullState, error) {
	return s.agents.Ingest.FullBegin(c.Context(), c.store.ID, m)
}

func fullChunk(s *Server, c *call, compressed []byte) (wire.FullState, error) {
	return s.agents.Ingest.FullChunk(c.Context(), c.store.ID, compressed)
}

func fullCommit(s *Server, c *call, m wire.FullCommit) (wire.FullState, error) {
	return s.agents.Ingest.FullCommit(c.Context(), c.store.ID, m)
}

func next(s *Server, c *call, m wire.NextAsk) (wire.NextAnswer, error) {
	return s.agents.Queue.Next(c.Context(), c.store.ID, m)
}

func begin(s *Server, c *call, m wire.Begin) (wire.BeginAnswer, error) {
	return s.agents.Queue.Begin(c.Context(), c.store.ID, m)
}

// catalogue answers with a catalogue of the store's own network.
func catalogue(s *Server, c *call) ([]byte, error) {
	body, err := s.agents.Contact.Catalog(c.Context(), c.store.ID, c.PathValue("digest"))
	return wire.Compress(nil, body), err
}

// payload answers with what a job of this very store carries.
func payload(s *Server, c *call) ([]byte, error) {
	return s.agents.Queue.Payload(c.Context(), c.store.ID, c.PathValue("hash"))
}

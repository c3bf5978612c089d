package hubclient

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"plait/shared/catalog"
	"plait/shared/wire"
)

const prefix = "/agent/v1/"

// Enroll redeems an enrolment code.
func (c *Client) Enroll(ctx context.Context, m wire.Enroll) (wire.Enrolled, error) {
	return call[wire.Enrolled](ctx, c, "enroll", m)
}

// Hello opens a conversation. What is sent after it belongs to it.
func (c *Client) Hello(ctx context.Context, m wire.Hello) (wire.Welcome, error) {
	w, err := call[wire.Welcome](ctx, c, "hello", m)
	if err == nil {
		c.conversation.Store(&m.Conversation)
	}
	return w, err
}

// Profile uploads the store's profile.
func (c *Client) Profile(ctx context.Context, m wire.Profile) error {
	return c.post(ctx, prefix+"profile", m, nil)
}

// Catalog fetches the catalogue with that digest.
func (c *Client) Catalog(ctx context.Context, digest string) (*catalog.Catalog, []byte, error) {
	path := prefix + "catalog/" + digest
	raw, err := c.get(ctx, path, wire.MaxPayloadBytes)
	if err != nil {
		return nil, nil, err
	}
	cat, err := catalog.Decode(raw)
	if err != nil {
		return nil, nil, c.unreadable(path, "a catalogue", err)
	}
	if got := cat.Digest(); got != digest {
		return nil, nil, fmt.Errorf("cannot use the hub's catalogue: its digest is %.12s, not %.12s", got, digest)
	}
	return cat, raw, nil
}

// Links fetches a page of the links that the hub holds for this store.
func (c *Client) Links(ctx context.Context, m wire.LinksAsk) (wire.LinksPage, error) {
	return call[wire.LinksPage](ctx, c, "links", m)
}

// Repairs tells of drift that was undone, or could not be.
func (c *Client) Repairs(ctx context.Context, m wire.Repairs) error {
	return c.post(ctx, prefix+"repairs", m, nil)
}

// Sums asks which nodes or leaves differ.
func (c *Client) Sums(ctx context.Context, m wire.Sums) (wire.SumsAnswer, error) {
	return call[wire.SumsAnswer](ctx, c, "reconcile", m)
}

// Keys asks which items of some leaves differ.
func (c *Client) Keys(ctx context.Context, m wire.Keys) (wire.KeysAnswer, error) {
	return call[wire.KeysAnswer](ctx, c, "reconcile/keys", m)
}

// Batch sends a frozen batch.
func (c *Client) Batch(ctx context.Context, zstd []byte) (wire.BatchAck, error) {
	var ack wire.BatchAck
	return ack, c.postBulk(ctx, prefix+"batch", zstd, &ack)
}

// Next asks for the first open job.
func (c *Client) Next(ctx context.Context, m wire.NextAsk) (wire.NextAnswer, error) {
	return call[wire.NextAnswer](ctx, c, "next", m)
}

// Payload fetches a job's content and holds it to its hash.
func (c *Client) Payload(ctx context.Context, hash string) ([]byte, error) {
	raw, err := c.get(ctx, prefix+"payload/"+hash, wire.MaxPayloadBytes)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != hash {
		return nil, fmt.Errorf("cannot use payload %.12s: its content has another hash; it was damaged on the way", hash)
	}
	return raw, nil
}

// Begin asks to start applying a job.
func (c *Client) Begin(ctx context.Context, m wire.Begin) (wire.BeginAnswer, error) {
	return call[wire.BeginAnswer](ctx, c, "begin", m)
}

// FullBegin starts a full upload, or goes on with one.
func (c *Client) FullBegin(ctx context.Context, m wire.FullBegin) (wire.FullState, error) {
	return call[wire.FullState](ctx, c, "full/begin", m)
}

// FullChunk sends a chunk of a full upload.
func (c *Client) FullChunk(ctx context.Context, zstd []byte) (wire.FullState, error) {
	var state wire.FullState
	return state, c.postBulk(ctx, prefix+"full/chunk", zstd, &state)
}

// FullCommit asks to swap the staged snapshot in.
func (c *Client) FullCommit(ctx context.Context, m wire.FullCommit) (wire.FullState, error) {
	return call[wire.FullState](ctx, c, "full/commit", m)
}

// Bye asks whether record and copy are equal.
func (c *Client) Bye(ctx context.Context, m wire.Bye) (wire.ByeAnswer, error) {
	return call[wire.ByeAnswer](ctx, c, "bye", m)
}

func call[Out any](ctx context.Context, c *Client, path string, in any) (Out, error) {
	var out Out
	err := c.post(ctx, prefix+path, in, &out)
	return out, err
}

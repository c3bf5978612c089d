package hubclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"plait/shared/wire"

	"github.com/hashicorp/go-retryablehttp"
)

// errUnreadable marks what came from the hub, or in its name, and is no answer.
var errUnreadable = errors.New("it is no answer of the protocol")

// post sends a control message and reads its answer into out; nil takes none.
func (c *Client) post(ctx context.Context, path string, in, out any) error {
	return c.ask(ctx, path, wire.EncodeControl(in), "application/json", out)
}

// postBulk sends a compressed body and reads the answer into out.
func (c *Client) postBulk(ctx context.Context, path string, zstd []byte, out any) error {
	return c.ask(ctx, path, zstd, "application/zstd", out)
}

func (c *Client) ask(ctx context.Context, path string, body []byte, contentType string, out any) error {
	answer, err := c.send(ctx, request{http.MethodPost, path, body, contentType, wire.MaxControlBytes})
	if err != nil || out == nil {
		return err
	}
	if err := wire.UnmarshalStrict(answer, out); err != nil {
		return c.unreadable(path, "an answer", err)
	}
	return nil
}

// get reads a compressed body of at most limit bytes, and decompresses it.
func (c *Client) get(ctx context.Context, path string, limit int) ([]byte, error) {
	packed, err := c.send(ctx, request{http.MethodGet, path, nil, "", int64(limit)})
	if err != nil {
		return nil, err
	}
	raw, err := wire.Decompress(packed, limit)
	if err != nil {
		return nil, c.unreadable(path, "an answer", err)
	}
	return raw, nil
}

// request is one message on its way.
type request struct {
	method, path string
	body         []byte
	contentType  string
	limit        int64 // of the answer, in bytes
}

// send returns the body of an answer that is a success. A refusal is a
// *wire.Error, and nothing else is.
func (c *Client) send(ctx context.Context, m request) ([]byte, error) {
	req, err := c.build(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("cannot build the request %s: %w", m.path, err)
	}
	var body []byte
	read := false
	// An answer that breaks off is a fault of the line, so it is read where that is
	// met by another attempt.
	req.SetResponseHandler(func(resp *http.Response) (err error) {
		read = true
		body, err = c.read(resp, m)
		return err
	})
	resp, err := c.http.Do(req)
	if resp != nil {
		defer resp.Body.Close()
	}
	if err == nil && !read { // the last attempt met a busy hub, or what stands before it
		body, err = c.read(resp, m)
	}
	switch {
	case errors.Is(err, errUnreadable), errors.Is(err, ErrNotTheHub):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("cannot reach the hub at %s for %s: %w", c.base.Host, nameOf(m.path), err)
	case resp.StatusCode != http.StatusOK:
		return nil, c.refusal(resp.Status, m, body)
	}
	return body, nil
}

func (c *Client) build(ctx context.Context, m request) (*retryablehttp.Request, error) {
	var body any
	if m.body != nil {
		body = bytes.NewReader(m.body)
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, m.method, c.base.JoinPath(m.path).String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
	if m.contentType != "" {
		req.Header.Set("Content-Type", m.contentType)
	}
	if id := c.conversation.Load(); id != nil {
		req.Header.Set(wire.HeaderConversation, *id)
	}
	if c.credential != "" {
		req.Header.Set("Authorization", "Bearer "+c.credential)
	}
	return req, nil
}

// read takes in the body of what is an answer by its header.
func (c *Client) read(resp *http.Response, m request) ([]byte, error) {
	defer resp.Body.Close()
	if _, err := strconv.Atoi(resp.Header.Get(wire.HeaderProtocol)); err != nil {
		return nil, fmt.Errorf("%w: %s answered %s without the protocol's header; is there a sign-in page or proxy in between?", ErrNotTheHub, c.base.Host, resp.Status)
	}
	limit := m.limit
	if resp.StatusCode != http.StatusOK {
		limit = wire.MaxControlBytes
	}
	// One byte more than the limit shows that there is more.
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off after %d bytes: %w", len(body), err)
	}
	if int64(len(body)) > limit {
		return nil, c.unreadable(m.path, "an answer", fmt.Errorf("it has more than %d bytes", limit))
	}
	return body, nil
}

// refusal reads what the hub says no with. It has a code and a sentence, or it
// decides nothing.
func (c *Client) refusal(status string, m request, body []byte) error {
	e := &wire.Error{}
	if err := wire.UnmarshalStrict(body, e); err != nil {
		return c.unreadable(m.path, "a refusal ("+status+")", err)
	}
	if e.Code == "" || e.Message == "" {
		return c.unreadable(m.path, "a refusal ("+status+")", errors.New("it does not say why"))
	}
	return e
}

// unreadable says what came, and is never a *wire.Error: an agent splits and parks
// what the hub refused, and this is no refusal.
func (c *Client) unreadable(path, what string, cause error) error {
	why := cause.Error()
	var fault *wire.Error
	if errors.As(cause, &fault) {
		why = fault.Message
	}
	return fmt.Errorf("cannot read what the hub at %s said to %s, %s: %w (%s); if it comes again, tell the hub's operator",
		c.base.Host, nameOf(path), what, errUnreadable, why)
}

func nameOf(path string) string { return strings.TrimPrefix(path, prefix) }

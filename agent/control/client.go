package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"plait/agent/upload"
)

// ErrNotRunning says that no agent answers for the data folder.
var ErrNotRunning = errors.New("the agent is not running")

// maxAnswer bounds what a command takes in, in bytes of an answer or a line.
const maxAnswer = 16 << 20

// Client asks the agent of one data folder.
type Client struct{ http *http.Client }

// NewClient returns a client; it opens no connection.
func NewClient(folder string) *Client {
	return newClient(func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, folder) })
}

func newClient(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *Client {
	return &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// Status asks how things stand.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return ask[Status](ctx, c, http.MethodGet, "/status", nil)
}

// Queue asks what waits, with at most limit parked items; 0 leaves the number to
// the agent.
func (c *Client) Queue(ctx context.Context, limit int) (Queue, error) {
	return ask[Queue](ctx, c, http.MethodGet, "/queue?limit="+strconv.Itoa(limit), nil)
}

// Doctor asks for every check.
func (c *Client) Doctor(ctx context.Context) (Findings, error) {
	return ask[Findings](ctx, c, http.MethodGet, "/doctor", nil)
}

// Pause takes the triggers away.
func (c *Client) Pause(ctx context.Context) (Status, error) {
	return ask[Status](ctx, c, http.MethodPost, "/pause", nil)
}

// Resume puts the triggers back.
func (c *Client) Resume(ctx context.Context) (Status, error) {
	return ask[Status](ctx, c, http.MethodPost, "/resume", nil)
}

// Retry queues a parked item again.
func (c *Client) Retry(ctx context.Context, item ItemAsk) (Status, error) {
	return ask[Status](ctx, c, http.MethodPost, "/retry", item)
}

// Upload asks for a conversation, tells of its steps, and returns its report.
// The report says what was done even where there is an error.
func (c *Client) Upload(ctx context.Context, a UploadAsk, progress func(upload.Step)) (upload.Report, error) {
	resp, err := c.send(ctx, http.MethodPost, "/upload", a)
	if err != nil {
		return upload.Report{}, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		var l Line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return upload.Report{}, fmt.Errorf("cannot read the agent's answer: %w", err)
		}
		if l.Step != nil && progress != nil {
			progress(*l.Step)
		}
		if l.Report != nil {
			return *l.Report, asError(l.Error)
		}
	}
	if err := lines.Err(); err != nil {
		return upload.Report{}, fmt.Errorf("cannot follow the upload: %w", err)
	}
	return upload.Report{}, errors.New("cannot follow the upload: the agent stopped")
}

func asError(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}

func ask[Answer any](ctx context.Context, c *Client, method, path string, body any) (a Answer, err error) {
	resp, err := c.send(ctx, method, path, body)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&a); err != nil {
		return a, fmt.Errorf("cannot read the agent's answer: %w", err)
	}
	return a, nil
}

// send returns an answer that is a success; the caller closes its body.
func (c *Client) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("cannot ask the agent: %w", err)
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://agent"+path, content)
	if err != nil {
		return nil, fmt.Errorf("cannot ask the agent: %w", err)
	}
	resp, err := c.http.Do(req)
	if about, ok := errors.AsType[*url.Error](err); ok {
		err = about.Err // the address in it is nobody's business
	}
	if err != nil {
		return nil, fmt.Errorf("cannot ask the agent: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	var f Failure
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&f); err != nil || f.Error == "" {
		return nil, fmt.Errorf("cannot ask the agent: it answered %s", resp.Status)
	}
	return nil, errors.New(f.Error)
}

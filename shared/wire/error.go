package wire

import "fmt"

// Code is a stable error code of the protocol.
type Code string

// The codes. Agents decide by code, people read the message.
const (
	CodeBadRequest    Code = "bad_request"    // 400: malformed; sending it again will not help
	CodeUnauthorized  Code = "unauthorized"   // 401: no or unknown credential
	CodeRevoked       Code = "revoked"        // 403: the store's credential was revoked
	CodeForbidden     Code = "forbidden"      // 403: an operator's role lacks the right
	CodeNotFound      Code = "not_found"      // 404: also for what is another store's
	CodeConflict      Code = "conflict"       // 409: the state is not what the request takes it for
	CodeBatchConflict Code = "batch_conflict" // 409: a batch's number with another digest, or out of order
	CodeJobsOpen      Code = "jobs_open"      // 409: a full upload is refused; Blocking names why
	CodeOver          Code = "over"           // 409: another conversation of this store has begun; say hello again
	CodeHeld          Code = "held"           // 423: an older copy of this agent
	CodeTooLarge      Code = "too_large"      // 413: over a limit
	CodeTooOld        Code = "too_old"        // 426: protocol version not spoken
	CodeBusy          Code = "busy"           // 503: try again after Retry-After
	CodeInternal      Code = "internal"       // 500: logged at the hub under Ref
)

// Error is the body of every answer that is not a success.
type Error struct {
	Code     Code       `json:"code"`
	Message  string     `json:"message"` // a sentence with the way out
	Ref      string     `json:"ref,omitempty"`
	Batch    *BatchMark `json:"batch,omitempty"`    // with batch_conflict: the last held
	Blocking []Blocking `json:"blocking,omitempty"` // with jobs_open
	Until    int64      `json:"until,omitempty"`    // with held: Unix seconds when it may be let in
}

// Error makes Error an error.
func (e *Error) Error() string { return fmt.Sprintf("%s (%s)", e.Message, e.Code) }

// Refuse returns an Error with that code and a sentence that names the way out.
func Refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

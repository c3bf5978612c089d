package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plait/agent/control"
	"plait/agent/datafolder"
	"plait/agent/enrol"
	"plait/agent/outbox"
	"plait/shared/enrolcode"
)

// What doctor takes for normal.
const (
	enoughDisk   = 500 << 20 // bytes
	clockOff     = 5 * time.Minute
	certificates = 14 * 24 * time.Hour // before the hub's runs out
	probeTime    = 20 * time.Second
)

// Doctor makes every check, each with the mend of what is not OK. One that fails
// keeps no other from being made.
func (d *Daemon) Doctor(ctx context.Context) (control.Findings, error) {
	e := examination{Daemon: d}
	e.folders()
	e.disk()
	e.recordChecks(ctx)
	cred, enrolled := e.enrolment(ctx)
	if enrolled {
		e.hub(ctx, cred)
	}
	e.posChecks(ctx)
	e.lastUpload()
	f := control.Findings{OK: true, Findings: e.found}
	for _, one := range e.found {
		f.OK = f.OK && one.OK
	}
	return f, nil
}

type examination struct {
	*Daemon
	found []control.Finding
}

func (e *examination) ok(subject, format string, args ...any) {
	e.found = append(e.found, control.Finding{OK: true, Subject: subject, Message: fmt.Sprintf(format, args...)})
}

func (e *examination) bad(subject, format string, args ...any) {
	e.found = append(e.found, control.Finding{Subject: subject, Message: fmt.Sprintf(format, args...)})
}

func (e *examination) folders() {
	if err := e.config.CheckFolders(); err != nil {
		e.bad("permissions", "%v", err)
		return
	}
	e.ok("permissions", "only this agent's user may write to configuration, mapping and data")
}

func (e *examination) disk() {
	free, err := datafolder.Free(e.config.Data)
	switch {
	case err != nil:
		e.bad("disk", "%v", err)
	case free < enoughDisk:
		e.bad("disk", "only %d MB are free on the disk of %s: make room, or changes cannot be kept", free>>20, e.config.Data)
	default:
		e.ok("disk", "%d MB are free on the disk of %s", free>>20, e.config.Data)
	}
}

func (e *examination) recordChecks(ctx context.Context) {
	box, err := e.openBox(ctx)
	if err != nil {
		e.bad("agent.db", "%v", err)
		return
	}
	waits, err := box.Status(ctx)
	if err != nil {
		e.bad("agent.db", "%v", err)
		return
	}
	standing, err := box.Standing(ctx)
	if err != nil {
		e.bad("agent.db", "%v", err)
		return
	}
	e.ok("agent.db", "sound; %s", upwards(waits.Total))
	if waits.Parked > 0 {
		e.bad("parked items", "%s a person: run plait-agent queue", count(waits.Parked, "item needs", "items need"))
	}
	e.comparison(standing.Compared)
	e.afterApply(ctx, box)
	refused, err := box.RefusedRepairs(ctx, unrepairedListed)
	if err != nil {
		e.bad("agent.db", "%v", err)
	}
	for _, r := range refused {
		e.bad("drift", "%s %q (%s) was changed here though it is locked, and cannot be set back: %s; mend that, or set it back by hand", r.Kind, r.Name, r.Key, r.Refused)
	}
}

// afterApply says how the command after applying fares.
func (e *examination) afterApply(ctx context.Context, box *outbox.Box) {
	if len(e.config.After.Command) == 0 {
		return
	}
	if err := e.config.After.Check(); err != nil {
		e.bad("after_apply", "%v", err)
	}
	s, err := afterState(ctx, box)
	switch {
	case err != nil:
		e.bad("after_apply", "%v", err)
	case s.Error != "":
		e.bad("after_apply", "the command did not succeed %s: %s; the POS may show what was there before: mend the command, it runs again after the next upload", when(s.Ran, e.now()), s.Error)
	case s.Ran.IsZero():
		e.ok("after_apply", "the command has not been needed yet")
	default:
		e.ok("after_apply", "the command ran %s, for %.1f s", when(s.Ran, e.now()), s.Seconds)
	}
}

func upwards(n int) string {
	if n == 0 {
		return "nothing waits to go up"
	}
	return count(n, "change waits", "changes wait") + " to go up"
}

func (e *examination) comparison(last time.Time) {
	now := e.now()
	switch {
	case last.IsZero():
		e.bad("comparison", "the record was never compared whole with the POS: the first upload does it")
	case now.Sub(last) > 2*e.config.Compare.Every+time.Hour:
		e.bad("comparison", "record and POS were last compared %s, longer ago than compare.every (%v) asks for: see whether the POS can be read", when(last, now), e.config.Compare.Every)
	default:
		e.ok("comparison", "record and POS were last compared %s", when(last, now))
	}
}

func (e *examination) enrolment(ctx context.Context) (enrol.Credential, bool) {
	cred, err := enrol.Read(e.config.Credential())
	if err == nil {
		err = e.foreign(ctx, cred)
	}
	if err != nil {
		e.bad("enrolment", "%v", err)
		return cred, false
	}
	e.ok("enrolment", "this PC is store %q (%s)", cred.StoreName, cred.Role)
	return cred, true
}

// foreign holds the credential against the record as it is now, and against the POS
// as the agent found it with that credential.
func (e *examination) foreign(ctx context.Context, cred enrol.Credential) error {
	var found foreignError
	if _, lack := e.present(); errors.As(lack, &found) && found.cred == ownerOf(cred) {
		return found
	}
	box, err := e.openBox(ctx)
	if err != nil {
		return nil // recordChecks says it
	}
	return e.ownRecord(ctx, box, cred)
}

// hub reaches out to the hub, and by the way compares certificates and clocks.
func (e *examination) hub(ctx context.Context, cred enrol.Credential) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	client, err := cred.Client(e.now, 1)
	if err != nil {
		e.bad("hub", "%v", err)
		return
	}
	defer client.Close()
	seen, err := client.Probe(ctx)
	var clock *enrolcode.ClockError
	switch {
	case errors.As(err, &clock):
		e.bad("clock", "%v", clock)
		return
	case errors.Is(err, enrolcode.ErrWrongHub):
		e.bad("certificate", "%v: somebody is in between, or the hub has a new CA: ask the hub's operator for a new code and enroll with --replace", err)
		return
	case err != nil:
		e.bad("hub", "%v: changes wait safely; see whether this PC has a connection", err)
		return
	}
	e.ok("hub", "%s answers in %v", cred.Hub, seen.Took.Round(time.Millisecond))
	e.certificate(seen.CertificateUntil)
	e.clock(seen.Date)
}

func (e *examination) certificate(until time.Time) {
	switch left := until.Sub(e.now()); {
	case until.IsZero():
		e.ok("certificate", "none: the hub is on this very PC")
	case left < certificates:
		e.bad("certificate", "the hub's certificate runs out on %s: tell the hub's operator", until.Format(time.DateOnly))
	default:
		e.ok("certificate", "it is the pinned hub's, valid until %s", until.Format(time.DateOnly))
	}
}

func (e *examination) clock(hub time.Time) {
	off := e.now().Sub(hub).Round(time.Second)
	switch {
	case hub.IsZero():
	case off > clockOff:
		e.bad("clock", "this PC's clock is %v ahead of the hub's: set it; times in schedules and logs are wrong until then", off)
	case off < -clockOff:
		e.bad("clock", "this PC's clock is %v behind the hub's: set it; times in schedules and logs are wrong until then", -off)
	default:
		e.ok("clock", "this PC's clock agrees with the hub's")
	}
}

// posChecks asks the connector, or says why there is none.
func (e *examination) posChecks(ctx context.Context) {
	c, err := e.present()
	if err != nil {
		var said foreignError
		if !errors.Is(err, enrol.ErrNotEnrolled) && !errors.As(err, &said) {
			e.bad("mapping", "%v", err)
		}
		return
	}
	e.ok("mapping", "%s fits the network's catalogue", e.config.Mapping)
	if err := c.gate.pass(); err != nil {
		e.bad("capture", "%v", err)
		return
	}
	findings, err := c.gate.Check(ctx)
	if err != nil {
		e.bad("POS database", "%v: uploads go on and jobs wait; see whether the file is there and free", err)
		return
	}
	for _, f := range findings {
		e.found = append(e.found, control.Finding{OK: f.OK, Subject: f.Subject, Message: f.Message, Kind: f.Kind})
	}
}

func (e *examination) lastUpload() {
	var s control.Status
	e.history(&s)
	switch {
	case s.Last == nil:
		e.bad("last upload", "there was none yet: run plait-agent upload")
	case s.Last.Error != "":
		e.bad("last upload", "it did not succeed %s: %s", when(s.Last.Ended, e.now()), s.Last.Error)
	case s.Last.Equal:
		e.ok("last upload", "it ended %s and proved the hub equal", when(s.Last.Ended, e.now()))
	default:
		e.ok("last upload", "it ended %s", when(s.Last.Ended, e.now()))
	}
}

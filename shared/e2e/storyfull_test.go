package e2e_test

import (
	"database/sql"
	"errors"
	"strings"
	"time"

	"plait/agent/upload"
	"plait/hub/operator"
	"plait/shared/e2e/rig"
)

// queues cuts a job for one salon that raises a price, as an operator does.
func (s *story) queues(name, price string) {
	s.Helper()
	s.does(mainStreet, "UPDATE service SET price = ? WHERE name = 'Pedicure'", price)
	s.upload(mainStreet)
	s.run(s.test("--name", "service=Pedicure", "--to", name, "--label", "Pedicure at "+price))
}

func (s *story) fullUpload(name string) upload.Report {
	s.Helper()
	report, err := s.Store(name).Upload(s.ctx, "--full")
	if report.Full == nil || (err == nil) != report.Full.Landed {
		s.Fatalf("%s was asked for a full upload, and reports %+v, %v", name, report, err)
	}
	return report
}

// refusedOnce checks that a full upload was refused once, named the job and its
// ways out, took it in the same conversation, and landed.
func (s *story) refusedOnce(report upload.Report, at, label string) {
	s.Helper()
	full := report.Full
	if !full.Landed || !report.Equal || report.JobsApplied != 1 || len(full.Refusals) != 1 {
		s.Fatalf("want one refusal, one job applied, landed and equal: %+v, full %+v", report, full)
	}
	r := full.Refusals[0]
	if r.At != at || len(r.Blocking) != 1 || r.Blocking[0].Label != label || len(r.Blocking[0].Ways) < 2 {
		s.Errorf("want a refusal at the %s that names %q with its ways out: %+v", at, label, r)
	}
}

// refusedAtBegin: the job is queued after the agent has taken its jobs and
// before it asks to begin.
func (s *story) refusedAtBegin() {
	s.gate.Before("/agent/v1/full/begin", func() { s.queues(dockside, "41") })
	s.refusedOnce(s.fullUpload(dockside), "begin", "Pedicure at 41")
	s.has(dockside, "41", "SELECT price FROM service WHERE name = 'Pedicure'")
	s.equal(dockside)
}

// refusedAtEnd: the job is queued once everything is at the hub, and only the
// swap is missing.
func (s *story) refusedAtEnd() {
	s.gate.Before("/agent/v1/full/commit", func() { s.queues(dockside, "42") })
	s.refusedOnce(s.fullUpload(dockside), "end", "Pedicure at 42")
	s.has(dockside, "42", "SELECT price FROM service WHERE name = 'Pedicure'")
	s.equal(dockside)
}

// refusedUntilCancelled: the POS keeps its database to itself, so the job cannot
// be delivered; the operator cancels it, and the full upload lands.
func (s *story) refusedUntilCancelled() {
	var lock *sql.Tx
	s.gate.Before("/agent/v1/full/begin", func() {
		s.queues(dockside, "43")
		var err error
		lock, err = s.pos[dockside].DB.Begin() // immediate: the write lock
		s.must(err)
	})
	report := s.fullUpload(dockside)
	full := report.Full
	if full.Landed || len(full.Refusals) == 0 || report.JobsApplied != 0 {
		s.Fatalf("the full upload should wait for the job: %+v, full %+v", report, full)
	}
	if notes := strings.Join(report.Notes, "\n"); !strings.Contains(notes, "Pedicure at 43") || !strings.Contains(notes, "Cancel it at the hub") {
		s.Errorf("the report does not name the job and its ways out: %q", report.Notes)
	}
	jobs, err := s.Hub.Queue(s.ctx, dockside)
	s.must(err)
	if len(jobs) != 1 || jobs[0].Label != "Pedicure at 43" {
		s.Fatalf("the job should still be open: %+v", jobs)
	}
	s.must(s.Hub.Run(s.ctx, nil, "job", "cancel", jobs[0].ID))
	s.must(lock.Rollback())
	s.landsByItself(dockside)
	s.has(dockside, "42", "SELECT price FROM service WHERE name = 'Pedicure'")
	s.upload(dockside)
	s.equal(dockside)
	j, err := s.Hub.Job(s.ctx, jobs[0].ID)
	s.must(err)
	if j.State != "cancelled" || j.EndedBy == "" {
		s.Errorf("the job should be cancelled, by name: %+v", j)
	}
}

// landsByItself: a full upload that was asked for lands without another word.
func (s *story) landsByItself(name string) {
	s.Helper()
	s.must(rig.Until(s.ctx, 30*time.Second, func() error {
		st, err := s.Store(name).Status(s.ctx)
		if err != nil {
			return err
		}
		if st.Last == nil || st.Last.Full == nil || !st.Last.Full.Landed {
			return errors.New("the full upload has not landed by itself: " + st.Sentence)
		}
		return nil
	}))
}

// fullAsked: the operator asks at the hub, and the salon's next contact obeys.
func (s *story) fullAsked() {
	s.queues(oldTown, "44")
	var asked operator.AskedUpload
	s.must(s.Hub.Run(s.ctx, &asked, "upload", oldTown, "--full"))
	if len(asked.Blocking) != 1 {
		s.Errorf("asking for a full upload should name the job that goes first: %+v", asked)
	}
	report, err := s.Store(oldTown).Upload(s.ctx)
	s.must(err)
	if report.Full == nil || !report.Full.Landed || report.JobsApplied != 1 || !report.Equal {
		s.Errorf("the contact after the request should deliver the job and land: %+v", report)
	}
	s.equal(oldTown)
	shown, err := s.Hub.Show(s.ctx, oldTown)
	s.must(err)
	if shown.Full != nil {
		s.Errorf("the request should be settled: %+v", shown.Full)
	}
}

// switchedOff: a salon whose switch is off keeps no open jobs; turning it off
// asks what becomes of them.
func (s *story) switchedOff() {
	s.queues(hillside, "45")
	err := s.Hub.Run(s.ctx, nil, "store", "switch", hillside, "off")
	var refused *rig.CommandError
	if !errors.As(err, &refused) || !refused.Says("Pedicure at 45") {
		s.Fatalf("turning the switch off should ask about the open job: %v", err)
	}
	s.switchTo(hillside, "draining", "off", "--deliver")
	s.upload(hillside)
	s.has(hillside, "45", "SELECT price FROM service WHERE name = 'Pedicure'")
	s.switchTo(hillside, "off", "off")
	if t := s.test("--kind", "service", "--to", hillside); t.Plan.Stores[0].Blocked == "" {
		s.Errorf("a salon that is off should not receive: %+v", t.Plan.Stores)
	}
	s.switchTo(hillside, "on", "on")
	s.queues(hillside, "46")
	s.switchTo(hillside, "off", "off", "--cancel")
	s.upload(hillside)
	s.has(hillside, "45", "SELECT price FROM service WHERE name = 'Pedicure'")
	s.switchTo(hillside, "on", "on")
	s.equal(hillside)
}

func (s *story) switchTo(name, want string, args ...string) {
	s.Helper()
	var st operator.Store
	s.must(s.Hub.Run(s.ctx, &st, append([]string{"store", "switch", name}, args...)...))
	if st.Switch != want {
		s.Errorf("the switch of %s is %s, want %s", name, st.Switch, want)
	}
}

// revoked: revoking a salon cancels its jobs in the same act; a new code lets a
// PC in again, with the copy and the queue that the store has.
func (s *story) revoked() {
	s.queues(oldTown, "47")
	var out operator.Revoked
	s.must(s.Hub.Run(s.ctx, &out, "store", "revoke", oldTown, "--yes"))
	if len(out.Cancelled) != 1 || out.Cancelled[0].Label != "Pedicure at 47" || out.Store.OpenJobs != 0 {
		s.Errorf("revoking should cancel the open job by name: %+v", out)
	}
	at := s.Store(oldTown)
	if _, err := at.Upload(s.ctx); err == nil {
		s.Error("a revoked store should not be let in")
	}
	s.must(at.Stop())
	var code operator.Enrolment
	s.must(s.Hub.Run(s.ctx, &code, "store", "replace", oldTown))
	s.must(at.Enrol(s.ctx, s.Hub.URL, code.Code, "--replace"))
	s.must(at.Start(s.ctx))
	s.upload(oldTown)
	s.equal(oldTown)
	s.has(oldTown, "44", "SELECT price FROM service WHERE name = 'Pedicure'")
}

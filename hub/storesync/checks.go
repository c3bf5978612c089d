package storesync

import (
	"fmt"
	"time"

	"plait/hub/store"
)

// quiet is how long a store may be silent before a Test says so.
const quiet = 24 * time.Hour

// standing is what the hub knows of how a store stands.
type standing struct {
	store   store.Store
	contact store.Contact
	copy    store.Copy
	open    int
}

func standingOf(v *store.StoreView) (s standing, err error) {
	s.store = v.Store
	if s.contact, err = v.Contact(); err != nil {
		return s, err
	}
	if s.copy, err = v.Copy(); err != nil {
		return s, err
	}
	s.open, err = v.CountOpen()
	return s, err
}

// uploaded reports whether a conversation of the store ever ended well. A master
// list is at the hub already.
func (s standing) uploaded() bool {
	return s.store.Role == store.MasterList || !s.contact.ByeAt.IsZero()
}

// blocked says why a store can receive no job, and the way out; "" if it can.
func (s standing) blocked() string {
	switch st := s.store; {
	case st.Role == store.MasterList:
		return "it is a master list, kept at the hub: it is a source, and receives nothing"
	case st.Role == store.Single:
		return "it is a single store, linked into no network: make it a branch first"
	case st.Installation == "":
		return "no PC was enrolled for it yet: enrol one, and let it upload"
	case !st.Revoked.IsZero():
		return "its credential is revoked: enrol its PC again"
	case st.Switch == store.Off:
		return "its sync switch is off: switch it on"
	case st.Switch == store.Draining:
		return "its sync switch is being turned off: it takes no new jobs"
	case st.Profile == "":
		return "the hub does not know its mapping yet: let its agent upload"
	case !s.uploaded():
		return "its own first upload comes first: let its agent upload"
	}
	return ""
}

// warnings are what may come in a receiver's way.
func (s standing) warnings(now time.Time) (out []Warning) {
	if age := now.Sub(s.contact.HelloAt); age > quiet {
		out = append(out, Warning{Code: WarnOffline, Text: fmt.Sprintf("it was heard of %s ago; the job waits until it comes", inDays(age)), Mend: "see to its PC and its line"})
	}
	if s.open > 0 {
		out = append(out, Warning{Code: WarnOpenJobs, Count: s.open,
			Text: fmt.Sprintf("%s wait before this one, and the prediction knows nothing of what they change", count(s.open, "open job")), Mend: "let its agent upload, then test again"})
	}
	return append(out, s.copyWarnings()...)
}

// copyWarnings say why the hub's copy of a store may not be all that it has.
func (s standing) copyWarnings() (out []Warning) {
	if s.store.Full.ID != "" {
		out = append(out, Warning{Code: WarnFullUpload,
			Text: fmt.Sprintf("%s asked for a full upload, which has not landed; it lands once no job is open", s.store.Full.By), Mend: "let it land first, then test again"})
	}
	if s.copy.Reconcile != "" {
		out = append(out, Warning{Code: WarnReconcile, Text: "the hub's copy is not proven equal to the store: " + s.copy.Reconcile, Mend: "let its agent upload, then test again"})
	}
	if s.copy.Parked > 0 {
		out = append(out, Warning{Code: WarnParkedItems, Count: s.copy.Parked,
			Text: fmt.Sprintf("%s of the store could not be taken in; the copy lacks them", count(s.copy.Parked, "item")), Mend: "mend them at the store"})
	}
	if !s.contact.Held.First.IsZero() {
		out = append(out, Warning{Code: WarnHeld, Text: "an older copy of its agent waits to be let in: which PC is the store's is not settled", Mend: "release one of them"})
	}
	return out
}

// asSource says what stands against copying from a store.
func (s standing) asSource(now time.Time) (out []Warning) {
	if s.store.Role == store.MasterList {
		return nil
	}
	if age := now.Sub(s.contact.ByeAt); age > quiet {
		out = append(out, Warning{Code: WarnSourceOld,
			Text: fmt.Sprintf("the last upload of %s was %s ago: what it changed since is not in this sync", quoted(s.store.Name), inDays(age)), Mend: "let its agent upload, then test again"})
	}
	for _, w := range s.copyWarnings() {
		w.Text = "the source, " + quoted(s.store.Name) + ": " + w.Text
		out = append(out, w)
	}
	return out
}

func inDays(d time.Duration) string {
	if h := int(d.Hours()); h < 48 {
		return count(h, "hour")
	}
	return count(int(d.Hours()/24), "day")
}

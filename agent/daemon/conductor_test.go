package daemon

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"plait/agent/daemon/config"
	"plait/agent/upload"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == helperWord {
		os.Exit(helper(os.Args[2:]))
	}
	goleak.VerifyTestMain(m)
}

// stage is a conductor in a bubble, with a hub that does what the test says.
type stage struct {
	*conductor
	t     *testing.T
	start time.Time

	mu    sync.Mutex
	calls []call
	talk  func(ctx context.Context, req upload.Request) (upload.Report, error)
	full  bool // a full upload waits
}

type call struct {
	at     time.Duration // since the start
	reason string
	full   bool
}

// conduct runs test with a conductor that never varies its waits.
func conduct(t *testing.T, schedule string, retry config.Retry, test func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		parsed, err := config.ParseSchedule(schedule)
		if err != nil {
			t.Fatal(err)
		}
		s := &stage{t: t, start: time.Now(), conductor: newConductor(time.Now, config.Config{Schedule: parsed, Retry: retry})}
		s.wait.random = func() float64 { return 0.5 }
		s.conductor.talk = func(ctx context.Context, req upload.Request) (upload.Report, error) {
			s.mu.Lock()
			s.calls = append(s.calls, call{time.Since(s.start), req.Reason, req.Full})
			talk := s.talk
			s.mu.Unlock()
			if talk == nil {
				return upload.Report{}, nil
			}
			return talk(ctx, req)
		}
		s.fullWaits = func(context.Context) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.full
		}
		ctx, cancel := context.WithCancel(t.Context())
		go s.run(ctx)
		test(s)
		cancel()
		<-s.stopped
	})
}

func (s *stage) hub(talk func(ctx context.Context, req upload.Request) (upload.Report, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.talk = talk
}

// pass lets time go by in the bubble.
func (s *stage) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (s *stage) want(calls ...call) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) != len(calls) {
		s.t.Fatalf("conversations: %v, want %v", s.calls, calls)
	}
	for i, c := range calls {
		if s.calls[i] != c {
			s.t.Errorf("conversation %d: %v, want %v", i, s.calls[i], c)
		}
	}
}

var calm = config.Retry{First: 30 * time.Second, Longest: 10 * time.Minute}

var errLine = errors.New("the line is dead")

func fails(context.Context, upload.Request) (upload.Report, error) { return upload.Report{}, errLine }

func TestScheduleAlone(t *testing.T) {
	conduct(t, "@every 1h", calm, func(s *stage) {
		s.pass(150 * time.Minute)
		s.want(call{0, reasonStart, false}, call{time.Hour, reasonSchedule, false}, call{2 * time.Hour, reasonSchedule, false})
	})
}

// P12: a fault that heals is met by the retry timer, with no new change and long
// before the schedule.
func TestRetryUntilTheFaultHeals(t *testing.T) {
	conduct(t, "@every 12h", calm, func(s *stage) {
		s.hub(fails)
		s.pass(4 * time.Minute) // at 0, 30 s, 90 s, 210 s
		s.hub(nil)
		s.pass(time.Hour)
		s.want(call{0, reasonStart, false}, call{30 * time.Second, reasonRetry, false}, call{90 * time.Second, reasonRetry, false},
			call{210 * time.Second, reasonRetry, false}, call{450 * time.Second, reasonRetry, false})
		if next, reason := s.planned(); reason != reasonSchedule || next.Sub(s.start) != 12*time.Hour+450*time.Second {
			t.Errorf("next is at %v for %s", next.Sub(s.start), reason)
		}
	})
}

func TestWaitsAreBounded(t *testing.T) {
	conduct(t, "@every 24h", calm, func(s *stage) {
		s.hub(fails)
		s.pass(23 * time.Hour)
		s.mu.Lock()
		defer s.mu.Unlock()
		for i := 6; i < len(s.calls); i++ {
			if gap := s.calls[i].at - s.calls[i-1].at; gap != calm.Longest {
				t.Errorf("the wait before attempt %d was %v", i, gap)
			}
		}
		if len(s.calls) < 100 {
			t.Errorf("only %d attempts in a day", len(s.calls))
		}
	})
}

func TestOpenJobsAreSuccessButNotTheEnd(t *testing.T) {
	conduct(t, "@every 12h", calm, func(s *stage) {
		s.hub(func(context.Context, upload.Request) (upload.Report, error) { return upload.Report{OpenJobs: 1}, nil })
		s.pass(time.Minute)
		s.want(call{0, reasonStart, false}, call{30 * time.Second, reasonRetry, false})
	})
}

func TestFullUploadThatDidNotLandGoesOn(t *testing.T) {
	conduct(t, "@every 12h", calm, func(s *stage) {
		s.pass(time.Second)
		s.hub(func(context.Context, upload.Request) (upload.Report, error) {
			s.mu.Lock()
			s.full = true
			s.mu.Unlock()
			return upload.Report{Full: &upload.FullReport{}}, nil
		})
		if _, err := s.upload(s.t.Context(), upload.Request{Reason: reasonTechnician, Full: true}, nil); err != nil {
			t.Error(err)
		}
		s.pass(31 * time.Second)
		s.want(call{0, reasonStart, false}, call{time.Second, reasonTechnician, true}, call{31 * time.Second, reasonRetry, true})
	})
}

func TestTechnicianFollowsOneConversationAtATime(t *testing.T) {
	conduct(t, "@every 1h", calm, func(s *stage) {
		s.pass(time.Second)
		running := 0
		s.hub(func(ctx context.Context, req upload.Request) (upload.Report, error) {
			if running++; running > 1 {
				t.Error("two conversations at once")
			}
			<-time.After(time.Minute)
			req.Progress(upload.Step{RowsUp: 7})
			running--
			return upload.Report{RowsUp: 7}, nil
		})
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				seen := false
				report, err := s.upload(s.t.Context(), upload.Request{Reason: reasonTechnician}, func(step upload.Step) { seen = seen || step.RowsUp == 7 })
				if err != nil || report.RowsUp != 7 || !seen {
					t.Errorf("report %+v, %v, step seen: %v", report, err, seen)
				}
			})
		}
		both.Wait()
		s.want(call{0, reasonStart, false}, call{time.Second, reasonTechnician, false}, call{61 * time.Second, reasonTechnician, false})
	})
}

func TestHangingUpLeavesTheConversationAlone(t *testing.T) {
	conduct(t, "@every 1h", calm, func(s *stage) {
		s.pass(time.Second)
		ended := false
		s.hub(func(ctx context.Context, _ upload.Request) (upload.Report, error) {
			<-time.After(time.Minute)
			ended = ctx.Err() == nil
			return upload.Report{}, ctx.Err()
		})
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		if _, err := s.upload(ctx, upload.Request{}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		s.pass(2 * time.Minute)
		if !ended {
			t.Error("the conversation ended with the command that asked for it")
		}
	})
}

func TestAskWhileStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		schedule, err := config.ParseSchedule("@every 1h")
		if err != nil {
			t.Fatal(err)
		}
		c := newConductor(time.Now, config.Config{Schedule: schedule, Retry: calm})
		c.talk = func(ctx context.Context, _ upload.Request) (upload.Report, error) {
			<-ctx.Done()
			return upload.Report{}, ctx.Err()
		}
		ctx, cancel := context.WithCancel(t.Context())
		go c.run(ctx)
		time.AfterFunc(time.Second, cancel)
		if _, err := c.upload(t.Context(), upload.Request{}, nil); !errors.Is(err, errStopped) && !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		<-c.stopped
	})
}

// TestAskWhileAllIsMadeAnew: a conversation brought a new catalogue. Whoever asks for
// another meanwhile is told that it was not begun, and may ask the next conductor; it
// is not begun and cut off.
func TestAskWhileAllIsMadeAnew(t *testing.T) {
	conduct(t, "@every 1h", calm, func(s *stage) {
		s.pass(time.Second)
		s.hub(func(context.Context, upload.Request) (upload.Report, error) {
			<-time.After(time.Minute)
			s.over.Store(true)
			return upload.Report{}, nil
		})
		first := make(chan error, 1)
		go func() {
			_, err := s.upload(s.t.Context(), upload.Request{Reason: reasonTechnician}, nil)
			first <- err
		}()
		s.pass(time.Second)
		if _, err := s.upload(s.t.Context(), upload.Request{Reason: reasonTechnician}, nil); !errors.Is(err, errNotTaken) {
			t.Errorf("the second ask got %v", err)
		}
		if err := <-first; err != nil {
			t.Errorf("the conversation that brought it ended with %v", err)
		}
		s.want(call{0, reasonStart, false}, call{time.Second, reasonTechnician, false})
	})
}

func TestKicks(t *testing.T) {
	conduct(t, "@every 12h", calm, func(s *stage) {
		s.pass(time.Minute)
		s.kick(kickSoon)
		s.kick(kickSoon)
		s.pass(time.Minute)
		s.want(call{0, reasonStart, false}, call{90 * time.Second, reasonRetry, false})
		s.kick(kickNow)
		s.pass(time.Second)
		s.want(call{0, reasonStart, false}, call{90 * time.Second, reasonRetry, false}, call{2 * time.Minute, reasonTechnician, false})
	})
}

// A kick that comes while a conversation runs must survive what that one plans.
func TestKickDuringAConversation(t *testing.T) {
	conduct(t, "@every 12h", calm, func(s *stage) {
		s.pass(time.Second)
		s.hub(func(context.Context, upload.Request) (upload.Report, error) {
			s.hub(nil)
			s.kick(kickNow)
			return upload.Report{}, nil
		})
		if _, err := s.upload(s.t.Context(), upload.Request{Reason: reasonTechnician}, nil); err != nil {
			t.Error(err)
		}
		s.pass(time.Second)
		s.want(call{0, reasonStart, false}, call{time.Second, reasonTechnician, false}, call{time.Second, reasonTechnician, false})
	})
}

// A clock that was years ahead and is set right must not leave the next upload
// years away.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		schedule, err := config.ParseSchedule("0 3 * * *")
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		ahead := 160 * 365 * 24 * time.Hour
		now := func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return time.Now().Add(ahead).Round(0) // as a wall clock, without Go's monotonic reading
		}
		calls := 0
		c := newConductor(now, config.Config{Schedule: schedule, Retry: calm})
		c.talk = func(context.Context, upload.Request) (upload.Report, error) { calls++; return upload.Report{}, nil }
		ctx, cancel := context.WithCancel(t.Context())
		go c.run(ctx)
		<-time.After(time.Hour)
		mu.Lock()
		ahead = 0
		mu.Unlock()
		<-time.After(25 * time.Hour)
		if calls != 2 {
			t.Errorf("%d conversations in 26 hours, want the first and one at three o'clock", calls)
		}
		cancel()
		<-c.stopped
	})
}

func TestJitterStaysInItsBounds(t *testing.T) {
	b := newBackoff(config.Retry{First: time.Minute, Longest: time.Hour, Jitter: 25})
	shortest, longest := time.Hour, time.Duration(0)
	for range 1000 {
		b.reset()
		w := b.next()
		shortest, longest = min(shortest, w), max(longest, w)
		if f := b.first(); f < 0 || f > 15*time.Second {
			t.Fatalf("the first attempt waits %v", f)
		}
	}
	if shortest < 45*time.Second || longest > 75*time.Second || longest-shortest < 20*time.Second {
		t.Errorf("waits from %v to %v", shortest, longest)
	}
}

package model

import (
	"strings"
	"testing"
)

// Each control takes one rule away, and names the promises of which one must be
// found broken within the everyday number of histories.
var controls = []struct {
	name    string
	rules   rules
	breaks  string // promises, as "P5 P7"
	because string
}{
	{"a restored POS is not looked for", rules{markUnchecked: true}, "P7 P5 P12", "decision 16"},
	{"an agent.db older than what was pruned is not looked for", rules{prunedUnchecked: true}, "P7", "captured, pruned, and the database that knew of it restored"},
	{"pruning takes the frozen batch's mark", rules{pruneFrozenMark: true}, "P7", "the hub may hold the mark of a batch whose answer was lost"},
	{"a batch is acknowledged by its number", rules{ackWithoutDigest: true, batchesUncompared: true}, "P1", "decision 21"},
	{"a hello does not compare batches", rules{batchesUncompared: true}, "P12 P7", "a hub restored to the middle of a conversation"},
	{"an acknowledgement drops what changed since", rules{dropChanged: true}, "P1", "decision 21"},
	{"a result does not wait for what the job wrote", rules{resultsFirst: true}, "P5", "decision 23"},
	{"a result waits for revisions", rules{resultsByRevision: true}, "P5", "an item that the job wrote and that changed again has a higher one"},
	{"receipts are found by number", rules{receiptByNumber: true}, "P5 P3 P12", "a restored hub gives numbers again (P6)"},
	{"the receipt commits by itself", rules{receiptOutside: true}, "P3", "decision 28"},
	{"a restored POS rolls no job back", rules{rollBackOff: true}, "P5", "decision 19"},
	{"jobs above the receipt head are found by number", rules{headByNumber: true}, "P5 P12", "after a restore of the hub, order and numbers part"},
	{"jobs above the receipt head are found by the order of receipts", rules{headByOrder: true}, "P5 P12", "orders of two histories cannot be compared"},
	{"a full upload does not look at the queue", rules{swapUnchecked: true}, "P4", "rule 5"},
	{"a refused full upload lands as it was staged, without its sums", rules{swapAnyRevision: true, commitAgain: true, sumsUnchecked: true}, "P4", "decision 25"},
	{"every hello is let in", rules{chainOff: true}, "P8", "decision 17"},
	{"counters are compared across agent epochs", rules{chainAcrossEpochs: true}, "P8", "a fresh agent.db begins at 1 again"},
	{"messages name no conversation", rules{unbound: true}, "P8 P4 P5 P7", "a clone goes on with the conversation that its original lost"},
	{"messages name the chain's nonce", rules{boundByNonce: true}, "P8", "an image taken while a hello was unanswered shares it"},
	{"a POS restored within a conversation does not end it", rules{goOnAfterRestore: true}, "P5", "what is rolled back must come first"},
	{"a mark that is gone counts each time", rules{forgetGoneMark: true}, "P12", "each hello would begin a new history"},
	{"what was read in a lost history is sent", rules{freezeUnread: true}, "P7", "it would be filed under the new one"},
	{"a full upload leaves the hub's mark", rules{fullWithoutMark: true, weights: quiet}, "P7", "a POS restored to before it is not recognised"},
	{"a batch holds states newer than its mark", rules{readPastMark: true, weights: restoring}, "P7", "a POS restored to between the two is not recognised"},
	{"items are read a moment after their change rows", rules{itemsLater: true, weights: restoring}, "P7", "a POS restored to between the two is not recognised"},
	{"the mark is the last change row of a page", rules{markOfPage: true, weights: paging}, "P7", "the items may hold later changes"},
	{"a job rolled back goes before one begun", rules{rolledBackBeforeBegun: true}, "P5", "the one begun was rolled back before it"},
	{"a full upload takes no batch number", rules{fullUncounted: true, weights: quiet}, "P1 P7 P12", "an agent.db older than the landing goes on as if nothing happened"},
	{"a full upload that has landed begins again", rules{beginForgets: true, weights: busy}, "P1", "decision 25: the hub repeats its answer"},
	{"nothing is archived", rules{archiveOff: true}, "P7", "decision 16"},
}

func TestHarnessProtocolControls(t *testing.T) {
	for _, c := range controls {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, histories := find(c.rules, 1, *runs, strings.Fields(c.breaks)...)
			if f.broken == "" {
				t.Fatalf("%s was not broken in %d histories (%s)", c.breaks, histories, c.because)
			}
			t.Logf("after %d histories: %s (%s)", histories, f.broken, c.because)
		})
	}
}

package wire

// Versions and limits of the protocol. Each input that arrives is held to them.
const (
	Protocol      = 1 // version of this protocol
	CanonicalForm = 1 // version of item's canonical form
	OldestAgent   = 1 // oldest protocol that the hub still speaks

	MaxControlBytes    = 1 << 20  // of a control message's JSON
	MaxBatchEntries    = 2000     // entries in a batch or chunk
	MaxBatchBytes      = 8 << 20  // of a batch or chunk before compression
	MaxBodyBytes       = 4 << 20  // of a blob's body
	TargetBatchBytes   = 1 << 20  // where the agent cuts a batch
	MaxPayloadBytes    = 64 << 20 // of a payload before compression
	MaxPayloadItems    = 100_000  // in one job
	MinCredentialBytes = 32       // of a store's credential, as the agent chose it
	MaxNameBytes       = 200      // of a name, cause or label in a control message
	MaxReasonBytes     = 2000     // of a sentence in a result
	MaxReceipts        = 1000     // listed in one Hello
	MaxExceptions      = 5000     // listed in one result; the counts go on
	MaxRepairs         = 50       // told in one message
	MaxRepairFields    = 20       // named of one repair; those beyond are left out
	MaxImageBytes      = 8 << 20  // of a result's before-images before compression
)

// HeaderProtocol is set by both sides on every message; its value is Protocol.
const HeaderProtocol = "Plait-Protocol"

// HeaderConversation names the conversation on every message of an agent after
// its Hello; its value is Hello.Conversation.
const HeaderConversation = "Plait-Conversation"

package outbox

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"

	"plait/shared/sqlitedb"
)

// The facts of meta.
const (
	metaOwner        = "owner" // Owner
	metaInstallation = "installation"
	metaAgentEpoch   = "agent_epoch"
	metaHubEpoch     = "hub_epoch"
	metaChain        = "chain"    // chainState
	metaRevision     = "revision" // the newest given out; places in the outbox come from it too
	metaMark         = "mark"     // wire.Mark
	metaTaken        = "taken"    // wire.Mark
	metaAcked        = "acked"    // wire.BatchMark
	metaLimit        = "limit"    // most entries in the next batch, after a refusal
	metaCatalog      = "catalog"
	metaCompared     = "compared" // Unix seconds
	metaJudging      = "judging"  // "1" from a new POS epoch to the end of its first comparison
	metaFull         = "full"     // FullUpload
	metaRepair       = "repair"   // RepairRule
	metaNote         = "note "    // before a name of another room's
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum covers the parts of a row, each with its length.
func checksum(parts ...[]byte) int64 {
	var size [binary.MaxVarintLen64]byte
	sum := uint32(0)
	for _, p := range parts {
		sum = crc32.Update(sum, castagnoli, size[:binary.PutUvarint(size[:], uint64(len(p)))])
		sum = crc32.Update(sum, castagnoli, p)
	}
	return int64(sum)
}

// meta reads and writes facts within one transaction and keeps the first error,
// so that a list of them reads as a list.
type meta struct {
	ctx context.Context
	tx  *sqlitedb.Tx
	err error
}

func metaOf(ctx context.Context, tx *sqlitedb.Tx) *meta { return &meta{ctx: ctx, tx: tx} }

func (m *meta) bytes(k string) []byte {
	if m.err != nil {
		return nil
	}
	var v []byte
	var chk int64
	err := m.tx.QueryRowContext(m.ctx, "SELECT v, chk FROM meta WHERE k = $1", k).Scan(&v, &chk)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		m.err = fmt.Errorf("cannot read %q from the agent's record: %w", k, err)
	case chk != checksum([]byte(k), v):
		m.err = fmt.Errorf("cannot read %q from the agent's record: %w", k, ErrDamaged)
	}
	return v
}

func (m *meta) setBytes(k string, v []byte) {
	if m.err != nil {
		return
	}
	_, err := m.tx.ExecContext(m.ctx, "INSERT OR REPLACE INTO meta (k, v, chk) VALUES ($1, $2, $3)", k, append([]byte{}, v...), checksum([]byte(k), v))
	if err != nil {
		m.err = fmt.Errorf("cannot write %q to the agent's record: %w", k, err)
	}
}

func (m *meta) text(k string) string       { return string(m.bytes(k)) }
func (m *meta) setText(k string, v string) { m.setBytes(k, []byte(v)) }

func (m *meta) int(k string) int64 {
	v := m.bytes(k)
	if len(v) == 0 || m.err != nil {
		return 0
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		m.err = fmt.Errorf("cannot read %q from the agent's record: %w", k, errors.Join(ErrDamaged, err))
	}
	return n
}

func (m *meta) setInt(k string, n int64) { m.setBytes(k, strconv.AppendInt(nil, n, 10)) }

// json reads a fact into to, which keeps its value if there is none.
func (m *meta) json(k string, to any) {
	v := m.bytes(k)
	if len(v) == 0 || m.err != nil {
		return
	}
	if err := json.Unmarshal(v, to); err != nil {
		m.err = fmt.Errorf("cannot read %q from the agent's record: %w", k, errors.Join(ErrDamaged, err))
	}
}

func (m *meta) setJSON(k string, from any) {
	v, err := json.Marshal(from)
	if err != nil && m.err == nil {
		m.err = fmt.Errorf("cannot write %q to the agent's record: %w", k, err)
	}
	m.setBytes(k, v)
}

// verifyMeta checks every fact.
func verifyMeta(ctx context.Context, tx *sqlitedb.Tx) error {
	rows, err := tx.QueryContext(ctx, "SELECT k, v, chk FROM meta")
	if err != nil {
		return fmt.Errorf("cannot read the agent's record: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var k string
		var v []byte
		var chk int64
		if err := rows.Scan(&k, &v, &chk); err != nil {
			return fmt.Errorf("cannot read the agent's record: %w", errors.Join(ErrDamaged, err))
		}
		if chk != checksum([]byte(k), v) {
			return fmt.Errorf("cannot read %.40q from the agent's record: %w", k, ErrDamaged)
		}
	}
	return rows.Err()
}

package sqlitedb

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
)

// A migration takes the schema from number-1 to number.
type migration struct {
	number int
	name   string // the file's name
	sql    string
}

var migrationName = regexp.MustCompile(`^([0-9]{4})_[a-z0-9_]+\.sql$`)

// loadMigrations reads the files in the order of their numbers. A gap, a
// number used twice or another name is a mistake of the program, found at its
// first start.
func loadMigrations(files fs.FS) ([]migration, error) {
	if files == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(files, ".") // sorted by name, so by number
	if err != nil {
		return nil, fmt.Errorf("cannot list migrations: %w", err)
	}
	steps := make([]migration, 0, len(entries))
	for i, entry := range entries {
		step, err := loadMigration(files, entry.Name())
		if err != nil {
			return nil, err
		}
		if step.number != i+1 {
			return nil, fmt.Errorf("cannot use migration %s: expected number %04d", step.name, i+1)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func loadMigration(files fs.FS, name string) (migration, error) {
	m := migrationName.FindStringSubmatch(name)
	if m == nil {
		return migration{}, fmt.Errorf("cannot use migration %s: its name must be NNNN_name.sql", name)
	}
	number, err := strconv.Atoi(m[1])
	if err != nil {
		return migration{}, fmt.Errorf("cannot use migration %s: %w", name, err)
	}
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return migration{}, fmt.Errorf("cannot read migration %s: %w", name, err)
	}
	return migration{number: number, name: name, sql: string(text)}, nil
}

// migrate applies what the file lacks, each step in its own transaction: one
// that fails, or is killed, leaves the schema of the step before.
func (db *DB) migrate(ctx context.Context, steps []migration) error {
	schema, err := db.Schema(ctx)
	if err != nil {
		return err
	}
	for _, step := range steps[min(schema, len(steps)):] {
		err := db.Write(ctx, func(tx *Tx) error { return db.apply(ctx, tx, step, len(steps)) })
		if err != nil {
			return fmt.Errorf("cannot migrate %s to schema %d (%s): %w", db.path, step.number, step.name, err)
		}
	}
	return nil
}

// apply runs one step. It looks at the number again, now under the write lock:
// a second process may be migrating the same file.
func (db *DB) apply(ctx context.Context, tx *Tx, step migration, known int) error {
	schema, err := readSchema(ctx, tx)
	if err != nil {
		return err
	}
	if schema > known {
		return &NewerSchemaError{Path: db.path, Schema: schema, Known: known}
	}
	if schema >= step.number {
		return nil
	}
	if _, err := tx.ExecContext(ctx, step.sql); err != nil {
		return err
	}
	// PRAGMA takes no placeholders; both values are integers of our own.
	stamp := fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", step.number, db.options.AppID)
	_, err = tx.ExecContext(ctx, stamp)
	return err
}

// Schema returns the number of the newest migration applied to the file.
func (db *DB) Schema(ctx context.Context) (int, error) {
	var schema int
	err := db.Read(ctx, func(tx *Tx) (err error) {
		schema, err = readSchema(ctx, tx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("cannot read schema number: %w", err)
	}
	return schema, nil
}

func readSchema(ctx context.Context, tx *Tx) (schema int, err error) {
	err = tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&schema)
	return schema, err
}

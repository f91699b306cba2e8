// lib/pq under database/sql through pgveil; programs.py says what each line means and compares them.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/lib/pq"
)

func both(err error) (string, string) {
	var server *pq.Error
	if errors.As(err, &server) {
		return string(server.Code), server.Detail
	}
	return fmt.Sprint(err), ""
}

func state(err error) string {
	code, _ := both(err)
	return code
}

func rows(found *sql.Rows, err error) string {
	if err != nil {
		return state(err)
	}
	defer found.Close()
	names, err := found.Columns()
	must(err)
	var all []string
	for found.Next() {
		values, places := make([]sql.NullString, len(names)), make([]interface{}, len(names))
		for i := range values {
			places[i] = &values[i]
		}
		must(found.Scan(places...))
		var cells []string
		for _, value := range values {
			if !value.Valid {
				value.String = "NULL"
			}
			cells = append(cells, value.String)
		}
		all = append(all, strings.Join(cells, "|"))
	}
	if found.Err() != nil {
		return state(found.Err())
	}
	return strings.Join(all, ";")
}

func open(more string) *sql.DB {
	db, err := sql.Open("postgres", more)
	must(err)
	db.SetMaxOpenConns(1)
	return db
}

// COPY belongs into a transaction; one that was refused is rolled back by defer.
func copyIn(db *sql.DB) (int64, error) {
	t, err := db.Begin()
	must(err)
	defer t.Rollback()
	s, err := t.Prepare(pq.CopyIn("order_log", "order_id"))
	if err != nil {
		return 0, err
	}
	for i := 1; i <= 3; i++ {
		if _, err = s.Exec(i); err != nil {
			return 0, err
		}
	}
	if _, err = s.Exec(); err != nil {
		return 0, err
	}
	must(s.Close())
	return 3, t.Commit()
}

func main() {
	db := open("")
	out("connect", rows(db.Query("SELECT 1")))
	out("query", rows(db.Query(tagged+" <= 3 ORDER BY id")))
	out("parameters", rows(db.Query(tagged+" BETWEEN $1 AND $2 ORDER BY id", 4, 5)))
	s, err := db.Prepare(tagged + " = $1")
	must(err)
	for id := 1; id <= 5; id++ {
		out("prepared", rows(s.Query(id)))
	}
	must(s.Close())
	binary := open("binary_parameters=yes")
	out("binary", rows(binary.Query(tagged+" = $1", 6)))
	must(binary.Close())
	out("types", rows(db.Query("SELECT id, total, placed_at, status, to_jsonb(id), total > 5 FROM orders WHERE id <= 2 ORDER BY id")))
	out("array", rows(db.Query("SELECT id FROM products WHERE id = ANY($1) ORDER BY id", pq.Array([]int{3, 1}))))
	several, err := db.Query("SELECT 1; SELECT 2")
	must(err)
	out("batch", several.Next(), several.Next(), several.NextResultSet(), several.Next())
	must(several.Close())
	attempt("copy in", both, func() (int64, error) { return copyIn(db) })
	// A context that ends makes lib/pq cancel; database/sql then gives the connection back or drops it.
	soon, end := context.WithTimeout(context.Background(), time.Second)
	out("cancel", rows(db.QueryContext(soon, endless)))
	end()
	out("after cancel", rows(db.Query("SELECT 2")))
	for _, wrong := range wrongs {
		out("error", rows(db.Query(wrong)))
	}
	t, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	must(err)
	out("commit", rows(t.Query("SHOW transaction_isolation")))
	_, err = t.Exec("DECLARE batches CURSOR FOR " + tagged + " <= 20 ORDER BY id")
	must(err)
	for part := "first"; part != ""; {
		part = rows(t.Query("FETCH 7 FROM batches"))
		out("cursor", part)
	}
	must(t.Commit())
	t, err = db.Begin()
	must(err)
	_, err = t.Exec("UPDATE products SET stock = 0 WHERE id = $1", os.Getenv("OTHER_PRODUCT"))
	out("in a block", state(err))
	out("failed block", rows(t.Query("SELECT 4")))
	must(t.Rollback())
	out("rollback", rows(db.Query("SELECT 5")))
	attempt("write", both, func() (int64, error) {
		done, err := db.Exec("UPDATE products SET stock = stock + 1 WHERE id = $1", os.Getenv("PRODUCT"))
		if err != nil {
			return 0, err
		}
		return done.RowsAffected()
	})
	must(db.Close())
	out("reconnect", rows(open("").Query("SELECT 6")))
}

// pgx through pgveil; programs.py says what each line means and compares them.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

var ctx = context.Background()

func both(err error) (string, string) {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.Code, server.Detail
	}
	return fmt.Sprint(err), ""
}

func state(err error) string {
	code, _ := both(err)
	return code
}

// Every cell as pgx decodes it, in binary wherever it can.
func rows(found pgx.Rows, err error) string {
	if err != nil {
		return state(err)
	}
	var all []string
	for found.Next() {
		values, err := found.Values()
		must(err)
		var cells []string
		for _, value := range values {
			if at, ok := value.(time.Time); ok {
				value = at.UTC().Format("2006-01-02T15:04:05")
			} else if value == nil {
				value = "NULL"
			}
			cells = append(cells, fmt.Sprint(value))
		}
		all = append(all, strings.Join(cells, "|"))
	}
	if found.Err() != nil {
		return state(found.Err())
	}
	return strings.Join(all, ";")
}

func batch(c *pgx.Conn) {
	b := &pgx.Batch{}
	for i := 0; i < 20; i++ {
		b.Queue("SELECT $1::int * 2", i)
	}
	b.Queue(tagged+" = $1", 7)
	b.Queue("SELECT 1/$1::int", 0)
	b.Queue("SELECT 1")
	results := c.SendBatch(ctx, b)
	for i := 0; i < b.Len(); i++ {
		out("batch", rows(results.Query()))
	}
	out("batch", state(results.Close()))
}

func cancel(c *pgx.Conn) {
	ended, done := make(chan bool), make(chan bool)
	go func() {
		for {
			select {
			case <-ended:
				close(done)
				return
			case <-time.After(100 * time.Millisecond):
				must(c.PgConn().CancelRequest(ctx))
			}
		}
	}()
	out("cancel", rows(c.Query(ctx, endless)))
	close(ended)
	<-done
	out("after cancel", rows(c.Query(ctx, "SELECT 2")))
}

func transactions(c *pgx.Conn) {
	t, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable, AccessMode: pgx.ReadOnly})
	must(err)
	out("commit", rows(t.Query(ctx, "SHOW transaction_isolation")))
	_, err = t.Exec(ctx, "DECLARE batches CURSOR FOR "+tagged+" <= 20 ORDER BY id")
	must(err)
	for part := "first"; part != ""; {
		part = rows(t.Query(ctx, "FETCH 7 FROM batches"))
		out("cursor", part)
	}
	must(t.Commit(ctx))
	t, err = c.Begin(ctx)
	must(err)
	nested, err := t.Begin(ctx)
	must(err)
	out("savepoint", rows(nested.Query(ctx, "SELECT 1/0")))
	must(nested.Rollback(ctx))
	_, err = t.Exec(ctx, "UPDATE products SET stock = 0 WHERE id = $1", os.Getenv("OTHER_PRODUCT"))
	out("in a block", state(err))
	out("failed block", rows(t.Query(ctx, "SELECT 4")))
	must(t.Rollback(ctx))
	out("rollback", rows(c.Query(ctx, "SELECT 5")))
}

func main() {
	c, err := pgx.Connect(ctx, "")
	must(err)
	out("connect", rows(c.Query(ctx, "SELECT 1")))
	out("query", rows(c.Query(ctx, tagged+" <= 3 ORDER BY id")))
	out("parameters", rows(c.Query(ctx, tagged+" BETWEEN $1 AND $2 ORDER BY id", 4, 5)))
	out("parameters", rows(c.Query(ctx, tagged+" BETWEEN $1 AND $2 ORDER BY id", pgx.QuerySimpleProtocol(true), 4, 5)))
	out("text", rows(c.Query(ctx, tagged+" = $1", pgx.QueryResultFormats{pgx.TextFormatCode}, 6)))
	for id := 1; id <= 5; id++ {
		out("prepared", rows(c.Query(ctx, tagged+" = $1", id)))
	}
	out("binary", rows(c.Query(ctx, tagged+" = $1 AND $2 = '\\x0001ff'::bytea", pgx.QueryResultFormats{pgx.BinaryFormatCode}, 8, []byte{0, 1, 255})))
	described, err := c.Prepare(ctx, "one", tagged+" = $1")
	must(err)
	out("described", described.ParamOIDs, len(described.Fields), rows(c.Query(ctx, "one", 8)))
	must(c.Deallocate(ctx, "one"))
	out("types", rows(c.Query(ctx, "SELECT id, total::float8, placed_at, status, to_jsonb(id), total > 5 FROM orders WHERE id <= 2 ORDER BY id")))
	out("array", rows(c.Query(ctx, "SELECT id FROM products WHERE id = ANY($1) ORDER BY id", []int{3, 1})))
	batch(c)
	var copied bytes.Buffer
	_, err = c.PgConn().CopyTo(ctx, &copied, "COPY ("+tagged+" <= 3 ORDER BY id) TO STDOUT")
	must(err)
	out("copy out", strings.NewReplacer("\t", "|", `\N`, "NULL", "\n", ";").Replace(copied.String()))
	attempt("copy in", both, func() (int64, error) {
		return c.CopyFrom(ctx, pgx.Identifier{"order_log"}, []string{"order_id"}, pgx.CopyFromRows([][]interface{}{{int64(1)}, {int64(2)}}))
	})
	cancel(c)
	for _, wrong := range wrongs {
		out("error", rows(c.Query(ctx, wrong)))
	}
	transactions(c)
	attempt("write", both, func() (int64, error) {
		tag, err := c.Exec(ctx, "UPDATE products SET stock = stock + 1 WHERE id = $1", os.Getenv("PRODUCT"))
		return tag.RowsAffected(), err
	})
	must(c.Close(ctx))
	pool, err := pgxpool.Connect(ctx, "pool_max_conns=2")
	must(err)
	out("reconnect", rows(pool.Query(ctx, "SELECT 6")))
	pool.Close()
}

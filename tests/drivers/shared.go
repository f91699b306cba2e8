// What pgx.go and lib_pq.go share: how a step is printed, and how a held write is tried again.
package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"
)

const tagged = "SELECT id, full_name, email, birth_date FROM customers WHERE id"
const endless = "SELECT count(*) FROM orders a, orders b, orders c"

var space = regexp.MustCompile(`\s*\n\s*`)
var wrongs = []string{"SELECT 1/0", "SELECT nothing FROM orders", "SELEC 1", "SELECT * FROM nowhere"}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func out(step string, words ...interface{}) {
	fmt.Println(step + ": " + space.ReplaceAllString(strings.TrimSuffix(fmt.Sprintln(words...), "\n"), " "))
}

// state gives the SQLSTATE and the DETAIL of the driver's own error.
func attempt(step string, state func(error) (string, string), do func() (int64, error)) {
	count, err := do()
	if err == nil {
		out(step, count)
		return
	}
	code, detail := state(err)
	out(step, code)
	if code != "PV001" {
		return
	}
	out("held", detail)
	bufio.NewReader(os.Stdin).ReadString('\n')
	count, err = do()
	must(err)
	out("approved", count)
	_, err = do()
	code, _ = state(err)
	out("again", code)
}

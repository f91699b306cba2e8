<?php
// PHP's pgsql functions through pgveil; programs.py says what each line means and compares them.
const TAGGED = 'SELECT id, full_name, email, birth_date FROM customers WHERE id';
const ENDLESS = 'SELECT count(*) FROM orders a, orders b, orders c';

function out(string $step, ...$words): void { echo "$step: ", preg_replace('/\s*\n\s*/', ' ', implode(' ', $words)), "\n"; }
function cells(array $row): string { return implode('|', array_map(fn($cell) => $cell ?? 'NULL', $row)); }
function rows($result): string { return implode(';', array_map('cells', pg_fetch_all($result, PGSQL_NUM))); }
function env(string $name): string { return getenv($name); }
function state($result): string { return pg_result_error_field($result, PGSQL_DIAG_SQLSTATE) ?? ''; }

/** The result of a statement sent with pg_send_*; the connection is free afterwards. */
function answer($c) {
    $last = null;
    while ($result = pg_get_result($c)) $last = $result;
    return $last;
}
function one($c, string $sql): string { return pg_fetch_result(pg_query($c, $sql), 0, 0); }

function attempt($c, string $step, callable $send): void {
    $result = $send();
    out($step, state($result) ?: pg_affected_rows($result));
    if (state($result) !== 'PV001') return;
    out('held', pg_result_error_field($result, PGSQL_DIAG_MESSAGE_DETAIL));
    fgets(STDIN);
    out('approved', ($r = $send()) ? state($r) ?: pg_affected_rows($r) : '');
    out('again', state($send()));
}

$plain = 'dbname=' . env('PGDATABASE');
$c = pg_connect($plain);
out('connect', one($c, 'SELECT 1'));
out('query', rows(pg_query($c, TAGGED . ' <= 3 ORDER BY id')));
out('parameters', rows(pg_query_params($c, TAGGED . ' BETWEEN $1 AND $2 ORDER BY id', [4, 5])));
pg_prepare($c, 'one', TAGGED . ' = $1');
foreach (range(1, 5) as $id) out('prepared', rows(pg_execute($c, 'one', [$id])));
$typed = pg_query($c, 'SELECT id, total, placed_at, status, to_jsonb(id) FROM orders WHERE id <= 2 ORDER BY id');
out('types', rows($typed), ...array_map(fn($i) => pg_field_type($typed, $i), range(0, 4)));
out('table', pg_field_table($typed, 0), count(pg_meta_data($c, 'customers')));
out('select', implode('|', array_map(fn($v) => $v ?? 'NULL', array_slice(pg_select($c, 'products', ['id' => 3])[0], 0, 3))));
out('batch', implode(',', array_map(fn($i) => one($c, "SELECT $i * 2"), range(0, 9))), one($c, 'SELECT 1; SELECT 2'));

pg_query($c, 'BEGIN');
pg_query($c, 'DECLARE batches CURSOR FOR ' . TAGGED . ' <= 20 ORDER BY id');
while (pg_num_rows($batch = pg_query($c, 'FETCH 7 FROM batches'))) out('cursor', rows($batch));
// The only binary it can be given: it asks for text, and a binary cursor answers in binary all the same. PHP ends a cell at its first zero.
pg_query($c, 'DECLARE coded BINARY CURSOR FOR SELECT id::text, full_name, email, birth_date::text FROM customers WHERE id = 6');
out('binary', rows(pg_query($c, 'FETCH ALL FROM coded')));
pg_query($c, 'COMMIT');

foreach (pg_copy_to($c, '(' . TAGGED . ' <= 3 ORDER BY id)') as $line) {
    out('copy out', cells(array_map(fn($cell) => $cell === '\\N' ? null : $cell, explode("\t", rtrim($line, "\n")))));
}
attempt($c, 'copy in', function () use ($c) {
    pg_send_query($c, 'COPY order_log (order_id) FROM STDIN');
    $result = pg_get_result($c);
    if (pg_result_status($result) === PGSQL_COPY_IN) {
        foreach ([1, 2, 3] as $i) pg_put_line($c, "$i\n");
        pg_put_line($c, "\\.\n");
        pg_end_copy($c);
    }
    answer($c);
    return $result;
});

// PHP's cancel reads the results away, and once is all it asks: rows that have come prove that the statement runs.
pg_send_query($c, "SELECT repeat('x', 9000) FROM orders a, orders b, orders c");
$read = [pg_socket($c)];
$write = $except = [];
stream_select($read, $write, $except, 30);
out('cancel', pg_cancel_query($c) ? 'cancelled' : 'failed');
out('after cancel', one($c, 'SELECT 2'));

foreach (['SELECT 1/0', 'SELECT nothing FROM orders', 'SELEC 1', 'SELECT * FROM nowhere'] as $wrong) {
    pg_send_query($c, $wrong);
    $result = answer($c);
    out('error', state($result), pg_result_error_field($result, PGSQL_DIAG_SEVERITY), pg_result_error_field($result, PGSQL_DIAG_MESSAGE_PRIMARY));
}
pg_query($c, 'BEGIN');
out('commit', one($c, 'SELECT 3'), pg_transaction_status($c) === PGSQL_TRANSACTION_INTRANS ? 'in a block' : 'idle');
pg_query($c, 'COMMIT');
pg_query($c, 'BEGIN');
pg_send_query_params($c, 'UPDATE products SET stock = 0 WHERE id = $1', [env('OTHER_PRODUCT')]);
out('in a block', state($r = answer($c)) ?: pg_affected_rows($r));
pg_send_query($c, 'SELECT 4');
out('failed block', state($r = answer($c)) ?: pg_fetch_result($r, 0, 0));
pg_query($c, 'ROLLBACK');
out('rollback', one($c, 'SELECT 5'));
attempt($c, 'write', function () use ($c) {
    pg_send_query_params($c, 'UPDATE products SET stock = stock + 1 WHERE id = $1', [env('PRODUCT')]);
    return answer($c);
});
out('ping', pg_ping($c) ? 'alive' : 'dead');
out('reset', pg_connection_reset($c) ? one($c, 'SELECT 6') : 'failed');
pg_close($c);
$c = pg_pconnect($plain);
out('reconnect', one($c, 'SELECT 7'));

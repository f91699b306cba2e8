<?php
// PHP's PDO, with and without its emulated prepares, through pgveil; programs.py says what each line means and compares them.
const TAGGED = 'SELECT id, full_name, email, birth_date FROM customers WHERE id';

function out(string $step, ...$words): void { echo "$step: ", preg_replace('/\s*\n\s*/', ' ', implode(' ', $words)), "\n"; }
function cells(array $row): string { return implode('|', array_map(fn($cell) => $cell ?? 'NULL', $row)); }
function rows(PDOStatement $result): string { return implode(';', array_map('cells', $result->fetchAll(PDO::FETCH_NUM))); }
function open(array $options = []): PDO {
    $where = sprintf('pgsql:host=%s;port=%s;dbname=%s', getenv('PGHOST'), getenv('PGPORT'), getenv('PGDATABASE'));
    return new PDO($where, getenv('PGUSER'), getenv('PGPASSWORD'), $options);
}
function attempt(string $step, callable $do): void {
    try {
        out($step, $do());
        return;
    } catch (PDOException $error) {
        out($step, $error->getCode());
        if ($error->getCode() !== 'PV001') return;
        out('held', $error->getMessage());
    }
    fgets(STDIN);
    foreach (['approved', 'again'] as $next) {
        try {
            out($next, $do());
        } catch (PDOException $error) {
            out($next, $error->getCode());
        }
    }
}
function state(callable $do): string {
    try {
        return $do();
    } catch (PDOException $error) {
        return $error->getCode() . ' ' . $error->errorInfo[0];
    }
}

$db = open();
out('connect', $db->query('SELECT 1')->fetchColumn());
out('query', rows($db->query(TAGGED . ' <= 3 ORDER BY id')));
foreach ([false, true] as $emulated) {
    $db->setAttribute(PDO::ATTR_EMULATE_PREPARES, $emulated);
    $some = $db->prepare(TAGGED . ' BETWEEN :low AND :high ORDER BY id');
    $some->bindValue(':low', 4, PDO::PARAM_INT);
    $some->bindValue(':high', 5, PDO::PARAM_INT);
    $some->execute();
    out('parameters', rows($some));
    $one = $db->prepare(TAGGED . ' = ?');
    foreach (range(1, 5) as $id) {
        $one->execute([$id]);
        out('prepared', rows($one));
    }
}
$db->setAttribute(PDO::ATTR_EMULATE_PREPARES, false);
$db->setAttribute(PDO::PGSQL_ATTR_DISABLE_PREPARES, true);
$once = $db->prepare(TAGGED . ' = ?');
$once->execute([6]);
out('unprepared', rows($once));
$db->setAttribute(PDO::PGSQL_ATTR_DISABLE_PREPARES, false);
$coded = $db->prepare(TAGGED . ' = ? AND ?::bytea = \'\x0001ff\'');
$coded->bindValue(1, 8, PDO::PARAM_INT);
$coded->bindValue(2, "\0\1\xff", PDO::PARAM_LOB);
$coded->execute();
out('binary', rows($coded));
$typed = $db->query('SELECT id, total, placed_at, status, to_jsonb(id), customer_id = 0 AS flag FROM orders WHERE id <= 2 ORDER BY id');
foreach ($typed->fetchAll(PDO::FETCH_NUM) as $row) out('types', ...array_map(fn($v) => gettype($v) . '=' . var_export($v, true), $row));
out('meta', json_encode($typed->getColumnMeta(1)));

$db->beginTransaction();
$scroll = $db->prepare(TAGGED . ' <= 20 ORDER BY id', [PDO::ATTR_CURSOR => PDO::CURSOR_SCROLL]);
$scroll->execute();
while ($row = $scroll->fetch(PDO::FETCH_NUM)) out('cursor', cells($row));
out('cursor back', cells($scroll->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_ABS, 7)));
$scroll = null;
$db->commit();

foreach ($db->pgsqlCopyToArray('(' . TAGGED . ' <= 3 ORDER BY id)') as $line) {
    out('copy out', cells(array_map(fn($cell) => $cell === '\\N' ? null : $cell, explode("\t", rtrim($line, "\n")))));
}
attempt('copy in', fn() => $db->pgsqlCopyFromArray('order_log', ["1\n", "2\n"], "\t", '\\\\N', 'order_id') ? 'done' : 'failed');

foreach (['SELECT 1/0', 'SELECT nothing FROM orders', 'SELEC 1', 'SELECT * FROM nowhere'] as $wrong) out('error', state(fn() => $db->query($wrong)));
out('batch', $db->exec("SELECT 1; SELECT 2; SELECT 3"));
$db->beginTransaction();
out('commit', $db->query('SELECT 3')->fetchColumn(), $db->inTransaction() ? 'in a block' : 'idle');
$db->commit();
$db->beginTransaction();
out('in a block', explode(' ', state(fn() => $db->exec('UPDATE products SET stock = 0 WHERE id = ' . getenv('OTHER_PRODUCT'))))[0]);
out('failed block', explode(' ', state(fn() => $db->query('SELECT 4')->fetchColumn()))[0]);
$db->rollBack();
out('rollback', $db->query('SELECT 5')->fetchColumn());
attempt('write', function () use ($db) {
    $update = $db->prepare('UPDATE products SET stock = stock + 1 WHERE id = ?');
    $update->execute([getenv('PRODUCT')]);
    return $update->rowCount();
});
out('quote', $db->quote("it's"), $db->getAttribute(PDO::ATTR_SERVER_VERSION));
$db = null;
$db = open([PDO::ATTR_PERSISTENT => true]);
out('reconnect', $db->query('SELECT 6')->fetchColumn());

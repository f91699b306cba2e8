# Perl's DBD::Pg through pgveil; programs.py says what each line means and compares them.
use strict;
use warnings;
use DBI;
use DBD::Pg qw(:async :pg_types);
$| = 1;
my $tagged = 'SELECT id, full_name, email, birth_date FROM customers WHERE id';
my $endless = 'SELECT count(*) FROM orders a, orders b, orders c';

sub out { my ($step, @words) = @_; my $text = join ' ', @words; $text =~ s/\s*\n\s*/ /g; print "$step: $text\n" }
sub rows { join ';', map { join '|', map { $_ // 'NULL' } @$_ } @_ }

sub open_database {
    return DBI->connect("dbi:Pg:dbname=$ENV{PGDATABASE}", $ENV{PGUSER}, $ENV{PGPASSWORD},
        { RaiseError => 1, PrintError => 0, AutoCommit => 1, pg_enable_utf8 => 0 });
}

my $db = open_database();

# What the statement gave: its answer, or the SQLSTATE.
sub try_it { my ($do) = @_; my $got = eval { $do->() }; return $@ ? $DBI::state : $got }

sub attempt {
    my ($step, $do) = @_;
    my $got = try_it($do);
    out($step, $got);
    return if $got ne 'PV001';
    out('held', $DBI::errstr);
    <STDIN>;
    out('approved', try_it($do));
    out('again', try_it($do));
}

out('connect', $db->selectrow_array('SELECT 1'));
out('query', rows(@{ $db->selectall_arrayref("$tagged <= 3 ORDER BY id") }));
out('parameters', rows(@{ $db->selectall_arrayref("$tagged = ANY(?) ORDER BY id", undef, [4, 5]) }));
my $one = $db->prepare("$tagged = ?");
for my $id (1 .. 5) { $one->execute($id); out('prepared', rows(@{ $one->fetchall_arrayref })) }
$one = $db->prepare("$tagged = ?", { pg_server_prepare => 0 });
$one->execute(6);
out('unprepared', rows(@{ $one->fetchall_arrayref }));
$one = $db->prepare("$tagged = ? AND ? = '\\x0001ff'::bytea");
$one->bind_param(1, 8);
$one->bind_param(2, "\0\1\xff", { pg_type => PG_BYTEA });
$one->execute;
out('binary', rows(@{ $one->fetchall_arrayref }));
out('batch', $db->selectrow_array('SELECT 1; SELECT 2'));
my @tuples;
out('batch', $db->prepare("$tagged = ?")->execute_array({ ArrayTupleStatus => \@tuples }, [8, 9]), "@tuples");
out('types', rows(@{ $db->selectall_arrayref('SELECT id, total, placed_at, status, to_jsonb(id) FROM orders WHERE id <= 2 ORDER BY id') }));
out('array', join ',', map { @{ $_->[0] } } @{ $db->selectall_arrayref('SELECT tags FROM products WHERE id <= 2 ORDER BY id') });
out('columns', join ',', @{ $db->column_info(undef, 'public', 'customers', '%')->fetchall_arrayref([3])->[$_] }) for 0 .. 3;
out('keys', $db->primary_key(undef, 'public', 'order_items'));

$db->begin_work;
$db->do("DECLARE batches CURSOR FOR $tagged <= 20 ORDER BY id");
while (my @batch = @{ $db->selectall_arrayref('FETCH 7 FROM batches') }) { out('cursor', rows(@batch)) }
$db->do('CLOSE batches');
$db->commit;

$db->do("COPY ($tagged <= 3 ORDER BY id) TO STDOUT");
my $line;
while ($db->pg_getcopydata($line) >= 0) { chomp $line; out('copy out', join '|', map { $_ eq '\\N' ? 'NULL' : $_ } split /\t/, $line) }
attempt('copy in', sub {
    my $count = $db->do('COPY order_log (order_id) FROM STDIN');
    $db->pg_putcopydata("$_\n") for 1 .. 3;
    $db->pg_putcopyend;
    return 'done';
});

my $slow = $db->prepare($endless, { pg_async => PG_ASYNC });
$slow->execute;
until ($db->pg_ready) { $slow->cancel; select(undef, undef, undef, 0.1) }
out('cancel', try_it(sub { $db->pg_result }));
out('after cancel', $db->selectrow_array('SELECT 2'));

for my $wrong ('SELECT 1/0', 'SELECT nothing FROM orders', 'SELEC 1', 'SELECT * FROM nowhere') {
    eval { $db->selectall_arrayref($wrong) };
    out('error', $DBI::state, $DBI::errstr);
}
$db->begin_work;
out('commit', $db->selectrow_array('SELECT 3'));
$db->commit;
$db->begin_work;
out('in a block', try_it(sub { $db->do('UPDATE products SET stock = 0 WHERE id = ?', undef, $ENV{OTHER_PRODUCT}) }));
out('failed block', try_it(sub { $db->selectrow_array('SELECT 4') }));
$db->rollback;
out('rollback', $db->selectrow_array('SELECT 5'));
attempt('write', sub { 0 + $db->do('UPDATE products SET stock = stock + 1 WHERE id = ?', undef, $ENV{PRODUCT}) });
out('ping', $db->ping ? 'alive' : 'dead');
$db->disconnect;
$db = open_database();
out('reconnect', $db->selectrow_array('SELECT 6'));

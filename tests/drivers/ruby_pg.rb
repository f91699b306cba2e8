# Ruby's pg through pgveil; programs.py says what each line means and compares them.
require 'pg'
$stdout.sync = true
TAGGED = 'SELECT id, full_name, email, birth_date FROM customers WHERE id'
ENDLESS = 'SELECT count(*) FROM orders a, orders b, orders c'

def out(step, *words) = puts("#{step}: #{words.join(' ').gsub(/\s*\n\s*/, ' ')}")
def rows(result) = result.values.map { |row| row.map { |cell| cell.nil? ? 'NULL' : cell }.join('|') }.join(';')

def attempt(step)
  out(step, yield)
rescue PG::Error => error
  out(step, error.result.error_field(PG::PG_DIAG_SQLSTATE))
  return unless error.result.error_field(PG::PG_DIAG_SQLSTATE) == 'PV001'
  out('held', error.result.error_field(PG::PG_DIAG_MESSAGE_DETAIL))
  $stdin.gets
  out('approved', yield)
  begin
    out('again', yield)
  rescue PG::Error => twice
    out('again', twice.result.error_field(PG::PG_DIAG_SQLSTATE))
  end
end

def state
  yield
rescue PG::Error => error
  "#{error.result&.error_field(PG::PG_DIAG_SQLSTATE)} #{error.class}"
end

c = PG.connect
out('connect', c.exec('SELECT 1').getvalue(0, 0))
out('query', rows(c.exec("#{TAGGED} <= 3 ORDER BY id")))
out('parameters', rows(c.exec_params("#{TAGGED} BETWEEN $1 AND $2 ORDER BY id", [4, 5])))
c.prepare('one', "#{TAGGED} = $1")
(1..5).each { |id| out('prepared', rows(c.exec_prepared('one', [id]))) }
out('described', c.describe_prepared('one').fields.join(','))
c.exec('DEALLOCATE one')
binary = c.exec_params("#{TAGGED} = $1::int", [6], 1)
out('binary', [binary.getvalue(0, 0).unpack1('l>'), binary.getvalue(0, 1), binary.getvalue(0, 2), binary.getisnull(0, 3) ? 'NULL' : 'date'].join('|'))
typed = c.exec('SELECT id, total, placed_at, status::text, to_jsonb(id) FROM orders WHERE id <= 2 ORDER BY id')
out('types', rows(typed.map_types!(PG::BasicTypeMapForResults.new(c))))

c.enter_pipeline_mode
20.times { |i| c.send_query_params('SELECT $1::int * 2', [i]) }
c.send_query_params("#{TAGGED} = $1", [7])
c.send_query_params('SELECT 1/0', [])
c.send_query_params('SELECT 1', [])
c.pipeline_sync
doubles = Array.new(20) { r = c.get_result; c.get_result; r.getvalue(0, 0) }
out('batch', doubles.join(','))
out('batch', rows(c.get_result))
c.get_result
out('batch', c.get_result.error_field(PG::PG_DIAG_SQLSTATE))
c.get_result
out('batch', c.get_result.result_status == PG::PGRES_PIPELINE_ABORTED)
c.get_result
out('batch', c.get_result.result_status == PG::PGRES_PIPELINE_SYNC)
c.exit_pipeline_mode

c.transaction do
  c.exec("DECLARE batches CURSOR FOR #{TAGGED} <= 20 ORDER BY id")
  until (batch = c.exec('FETCH 7 FROM batches')).ntuples.zero? do out('cursor', rows(batch)) end
end
c.send_query("#{TAGGED} <= 20 ORDER BY id")
c.set_single_row_mode
c.get_result.stream_each_row { |row| out('single row', row.map { |cell| cell || 'NULL' }.join('|')) }
c.get_result

c.copy_data("COPY (#{TAGGED} <= 3 ORDER BY id) TO STDOUT") do
  while (line = c.get_copy_data) do out('copy out', line.chomp.split("\t").map { |cell| cell == '\\N' ? 'NULL' : cell }.join('|')) end
end
attempt('copy in') do
  c.copy_data('COPY order_log (order_id) FROM STDIN') { 3.times { |i| c.put_copy_data("#{i}\n") } }.cmd_tuples
end

c.send_query(ENDLESS)
c.cancel until c.block(0.1)
out('cancel', state { c.get_last_result })
out('after cancel', c.exec('SELECT 2').getvalue(0, 0))

['SELECT 1/0', 'SELECT nothing FROM orders', 'SELEC 1', 'SELECT * FROM nowhere'].each { |wrong| out('error', state { c.exec(wrong) }) }
c.transaction { out('commit', c.exec('SELECT 3').getvalue(0, 0)) }
c.exec('BEGIN')
out('in a block', state { c.exec_params('UPDATE products SET stock = 0 WHERE id = $1', [ENV.fetch('OTHER_PRODUCT')]).cmd_tuples }.to_s.split.first)
out('failed block', state { c.exec('SELECT 4').getvalue(0, 0) }.split.first)
c.exec('ROLLBACK')
out('rollback', c.exec('SELECT 5').getvalue(0, 0))
attempt('write') { c.exec_params('UPDATE products SET stock = stock + 1 WHERE id = $1', [ENV.fetch('PRODUCT')]).cmd_tuples }
c.reset
out('reconnect', c.exec('SELECT 6').getvalue(0, 0))
c.close

// pg-query-stream, node-postgres' results as a stream, through pgveil; programs.py says what each line means and compares them.
const { Client } = require('pg');
const QueryStream = require('pg-query-stream');
const { tagged, out, line, ssl, attempt, run } = require('./shared.js');

async function main() {
  const client = new Client({ ssl });
  await client.connect();
  const stream = (sql, values = [], more = {}) => client.query(new QueryStream(sql, values, { rowMode: 'array', ...more }));
  const collect = async (...what) => { const found = []; for await (const row of stream(...what)) found.push(line(row)); return found.join(';'); };
  const state = (...what) => collect(...what).catch((error) => error.code);

  out('connect', await collect('SELECT 1'));
  out('query', await collect(`${tagged} <= 3 ORDER BY id`));
  for (const batchSize of [1, 7, 20, 100]) out('parameters', await collect(`${tagged} <= $1 ORDER BY id`, [20], { batchSize }));
  let count = 0;
  for await (const _ of stream('SELECT o.id, c.email FROM orders o JOIN customers c ON c.id = o.customer_id', [], { highWaterMark: 50 })) count++;
  out('cursor', count);

  // Left early, the stream closes its portal and the connection serves on.
  for await (const row of stream(`${tagged} <= 2000 ORDER BY id`, [], { batchSize: 5 })) { out('cursor left', line(row)); break; }
  out('after cursor', await collect('SELECT 2'));
  for (const wrong of ['SELECT 1/0', 'SELECT nothing FROM orders', 'SELECT 10/(150-g) FROM generate_series(1, 500) g']) out('error', await state(wrong));
  out('after error', await collect('SELECT 3'));

  await client.query('BEGIN');
  out('commit', await collect('SELECT 4'));
  await client.query('COMMIT');
  await client.query('BEGIN');
  out('in a block', await state('UPDATE products SET stock = 0 WHERE id = $1 RETURNING 1', [process.env.OTHER_PRODUCT]));
  out('failed block', await state('SELECT 4'));
  await client.query('ROLLBACK');
  out('rollback', await collect('SELECT 5'));
  await attempt('write', () => collect('UPDATE products SET stock = stock + 1 WHERE id = $1 RETURNING id > 0', [process.env.PRODUCT]));
  await client.end();
  const next = new Client({ ssl });
  await next.connect();
  for await (const row of next.query(new QueryStream(`${tagged} = $1`, [5], { rowMode: 'array' }))) out('reconnect', line(row));
  await next.end();
}

run(main);

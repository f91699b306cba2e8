// node-postgres through pgveil; run by run.py, which watches the bytes. Throws on anything unexpected.
const assert = require('assert');
const { Client, Pool } = require('pg');

async function main() {
  const client = new Client();
  await client.connect();
  const customers = await client.query('SELECT id, email, birth_date, profile FROM customers WHERE id <= $1 ORDER BY id', [20]);
  assert.strictEqual(customers.rows.length, 20);
  for (const row of customers.rows) {
    assert.match(row.email, /@masked\.invalid$/);
    assert.strictEqual(row.birth_date, null);
    assert.strictEqual(typeof row.profile, 'object');
  }
  for (let i = 1; i <= 5; i++) {
    const named = await client.query({ name: 'one', text: 'SELECT id, total FROM orders WHERE id = $1', values: [i] });
    assert.strictEqual(named.rows[0].id, String(i));
  }
  await assert.rejects(client.query('SELECT 1/0'), { code: '22012' });
  const write = { text: 'UPDATE products SET stock = $1 WHERE id = $2', values: [5, 110] };
  const held = await client.query(write).then(() => null, (error) => error);
  assert.strictEqual(held.code, 'PV001');
  const detail = JSON.parse(held.detail);
  assert.strictEqual(detail.executed, false);
  const state = await client.query('SELECT * FROM pgveil.request($1)', [detail.request]);
  assert.strictEqual(state.rows[0].state, 'pending');
  await client.query('BEGIN');
  await client.query('SELECT 1');
  await client.query('ROLLBACK');
  assert.strictEqual((await client.query('SELECT 1; SELECT 2')).length, 2);
  await client.end();

  const pool = new Pool({ max: 4 });
  const answers = await Promise.all([...Array(40).keys()].map((i) => pool.query('SELECT $1::int AS n', [i])));
  answers.forEach((answer, i) => assert.strictEqual(answer.rows[0].n, i));
  await pool.end();
  console.log('all fine');
}

main().catch((error) => { console.error(error); process.exit(1); });

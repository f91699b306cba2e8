// pg-cursor, node-postgres' portals, through pgveil; programs.py says what each line means and compares them.
const { Client, Pool } = require('pg');
const Cursor = require('pg-cursor');
const { tagged, out, rows, ssl, attempt, run } = require('./shared.js');

const state = (promise) => promise.then((found) => rows(found), (error) => `${error.code} ${error.severity}`);
const array = { rowMode: 'array' };

async function main() {
  const client = new Client({ ssl });
  await client.connect();
  out('connect', rows(await client.query(new Cursor('SELECT 1', [], array)).read(5)));
  out('query', rows(await client.query(new Cursor(`${tagged} <= 2 ORDER BY id`, [], array)).read(5)));
  out('parameters', rows(await client.query(new Cursor(`${tagged} BETWEEN $1 AND $2 ORDER BY id`, [4, 5], array)).read(5)));
  const cursor = client.query(new Cursor(`${tagged} <= $1 ORDER BY id`, [20], array));
  for (let batch = await cursor.read(7); batch.length; batch = await cursor.read(7)) out('cursor', rows(batch));
  await cursor.close();
  const half = client.query(new Cursor(`${tagged} <= $1 ORDER BY id`, [2000], array));
  out('cursor left', rows(await half.read(3)));
  await half.close();
  out('after cursor', (await client.query('SELECT 2 AS n')).rows[0].n);
  const exact = client.query(new Cursor(`${tagged} <= 4 ORDER BY id`, [], array));
  out('cursor', rows(await exact.read(4)), (await exact.read(4)).length, (await exact.read(4)).length);

  // A portal within a transaction stays open while another statement runs.
  await client.query('BEGIN');
  out('commit', rows(await client.query(new Cursor('SELECT 3', [], array)).read(2)));
  const kept = client.query(new Cursor('SELECT id, status FROM orders WHERE id <= $1 ORDER BY id', [10], array));
  out('kept', rows(await kept.read(4)), rows(await kept.read(4)), rows(await kept.read(4)));
  await kept.close();
  await client.query('COMMIT');

  for (const wrong of ['SELECT 1/0', 'SELECT nothing FROM orders', 'SELECT 10/(3-g) FROM generate_series(1, 5) g']) {
    const failing = client.query(new Cursor(wrong, [], array));
    out('error', await state(failing.read(2)), await state(failing.read(2)));
  }
  out('after error', rows(await client.query(new Cursor('SELECT 3', [], array)).read(2)));
  await client.query('BEGIN');
  out('in a block', (await state(client.query(new Cursor('UPDATE products SET stock = 0 WHERE id = $1 RETURNING 1', [process.env.OTHER_PRODUCT], array)).read(2))).split(' ')[0]);
  out('failed block', (await state(client.query(new Cursor('SELECT 4', [], array)).read(2))).split(' ')[0]);
  await client.query('ROLLBACK');

  out('rollback', rows(await client.query(new Cursor('SELECT 5', [], array)).read(2)));

  const update = 'UPDATE products SET stock = stock + 1 WHERE id = $1 RETURNING id > 0';
  await attempt('write', async () => rows(await client.query(new Cursor(update, [process.env.PRODUCT], array)).read(5)));
  await client.end();

  const pool = new Pool({ ssl, max: 2 });
  const found = await Promise.all([1, 2, 3, 4, 5, 6].map(async (id) => {
    const one = await pool.connect();
    const portal = one.query(new Cursor(`${tagged} = $1`, [id], array));
    const batch = await portal.read(2);
    await portal.close();
    one.release();
    return rows(batch);
  }));
  out('reconnect', found.join(';'));
  await pool.end();
}

run(main);

// node-postgres through pgveil; programs.py says what each line means and compares them.
const { Client, Pool, Query } = require('pg');
const { tagged, out, rows, wrongs, ssl, attempt, run } = require('./shared.js');

const read = async (client, text, values, more = {}) => rows((await client.query({ text, values, rowMode: 'array', ...more })).rows);
const state = (promise) => promise.catch((error) => error.code);

async function reading(client) {
  out('query', await read(client, `${tagged} <= 3 ORDER BY id`));
  out('parameters', await read(client, `${tagged} BETWEEN $1 AND $2 ORDER BY id`, [4, 5]));
  out('parameters', await read(client, `${tagged} = ANY($1) ORDER BY id`, [[6, 7]]));
  for (let id = 1; id <= 5; id++) out('prepared', await read(client, `${tagged} = $1`, [id], { name: 'one' }));
  // What comes in binary it takes for text, which is right for columns of that type.
  out('binary', await read(client, `${tagged.replace('id', 'id::text')} = $1 AND $2::bytea = '\\x0001ff'`, [8, Buffer.from([0, 1, 255])], { binary: true }));
  const typed = await client.query('SELECT id, total, placed_at, status, to_jsonb(id) FROM orders WHERE id <= 2 ORDER BY id');
  out('types', JSON.stringify(typed.rows), typed.fields.map((field) => `${field.name}/${field.dataTypeID}/${field.format}`));
  out('array', JSON.stringify((await client.query('SELECT tags FROM products WHERE id <= 2 ORDER BY id')).rows));
  out('batch', (await client.query({ text: `SELECT 1; SELECT 2; ${tagged} = 7`, rowMode: 'array' })).map((one) => rows(one.rows)));
}

// Sent at once over one connection, which does not wait for answers.
async function pipelined() {
  const client = new Client({ ssl, pipeline: true });
  await client.connect();
  const asked = [...Array(40).keys()].map((i) => read(client, 'SELECT $1::int * 2', [i]));
  asked.push(read(client, `${tagged} = $1`, [7]), state(read(client, 'SELECT 1/$1::int', [0])), read(client, `${tagged} = $1`, [8], { name: 'one' }));
  out('batch', (await Promise.all(asked)).join(' '));
  await client.end();
}

async function cancel(client) {
  const query = new Query('SELECT count(*) FROM orders a, orders b, orders c');
  const endless = new Promise((done) => { query.on('end', () => done('it ended')); query.on('error', (error) => done(error.code)); });
  client.query(query);
  let ended = false;
  endless.then(() => { ended = true; });
  while (!ended) {
    // A cancel is never encrypted here, and may come too early.
    const canceller = new Client({ ssl: false });
    const gone = new Promise((done) => { canceller.connection.once('end', done); canceller.connection.on('error', done); });
    canceller.cancel(client, query);
    await gone;
    await Promise.race([endless, new Promise((done) => { setTimeout(done, 100); })]);
  }
  out('cancel', await endless);
  out('after cancel', await read(client, 'SELECT 2'));
}

async function transactions(client) {
  await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
  out('commit', await read(client, 'SHOW transaction_isolation'));
  await client.query('COMMIT');
  await client.query('BEGIN');
  await client.query(`DECLARE batches CURSOR FOR ${tagged} <= 20 ORDER BY id`);
  for (let batch = await read(client, 'FETCH 7 FROM batches'); batch; batch = await read(client, 'FETCH 7 FROM batches')) out('cursor', batch);
  await client.query('SAVEPOINT one');
  out('savepoint', await state(read(client, 'SELECT 1/0')));
  await client.query('ROLLBACK TO one');
  out('savepoint', await read(client, 'SELECT 3'));
  out('in a block', await state(client.query('UPDATE products SET stock = 0 WHERE id = $1', [process.env.OTHER_PRODUCT]).then((done) => done.rowCount)));
  out('failed block', await state(read(client, 'SELECT 4')));
  await client.query('ROLLBACK');
  out('rollback', await read(client, 'SELECT 5'));
}

async function main() {
  const client = new Client({ ssl });
  await client.connect();
  out('connect', await read(client, 'SELECT 1'));
  await reading(client);
  await pipelined();
  await cancel(client);
  for (const wrong of wrongs) await client.query(wrong).catch((error) => out('error', error.code, error.severity, error.message, error.position));
  await transactions(client);
  await attempt('write', async () => (await client.query('UPDATE products SET stock = stock + 1 WHERE id = $1', [process.env.PRODUCT])).rowCount);
  await client.end();
  const pool = new Pool({ ssl, max: 4 });
  const answers = await Promise.all([...Array(40).keys()].map((i) => pool.query('SELECT $1::int AS n', [i])));
  out('reconnect', answers.map((answer) => answer.rows[0].n));
  await pool.end();
}

run(main);

// postgres.js, which pipelines and prepares by itself, through pgveil; programs.py says what each line means and compares them.
const { pipeline } = require('stream/promises');
const { Readable } = require('stream');
const postgres = require('postgres');
const { out, wrongs, ssl, attempt, run } = require('./shared.js');

const rows = (found) => [...found].map((row) => Object.values(row).map((cell) => cell ?? 'NULL').join('|')).join(';');
const state = (promise) => promise.then((found) => rows(found), (error) => `${error.code} ${error.name}`);
const open = (more = {}) => postgres({ max: 1, ssl, onnotice: () => {}, ...more });

async function main() {
  const sql = open();
  const tagged = () => sql`SELECT id, full_name, email, birth_date::text FROM customers`;
  out('connect', rows(await sql`SELECT 1`));
  out('query', rows(await sql`${tagged()} WHERE id <= 3 ORDER BY id`.simple()));
  out('parameters', rows(await sql`${tagged()} WHERE id BETWEEN ${4} AND ${5} ORDER BY id`));
  out('parameters', rows(await sql`${tagged()} WHERE id IN ${sql([6, 7])} ORDER BY id`));
  out('parameters', rows(await sql`${tagged()} WHERE id = ANY(${[8, 9]}::int[]) ORDER BY id`));
  for (let id = 1; id <= 5; id++) out('prepared', rows(await sql`${tagged()} WHERE id = ${id}`));
  const unprepared = open({ prepare: false });
  for (let id = 1; id <= 2; id++) out('unprepared', rows(await unprepared`SELECT id, full_name, email, birth_date::text FROM customers WHERE id = ${id}`));
  await unprepared.end();
  const types = await sql`SELECT id, total, placed_at, status, to_jsonb(id) FROM orders WHERE id <= 2 ORDER BY id`;
  out('types', ...types.map((row) => Object.values(row).map((v) => `${typeof v}=${JSON.stringify(v)}`)), types.columns.map((c) => `${c.name}/${c.type}`));
  out('array', JSON.stringify(await sql`SELECT tags FROM products WHERE id <= 2 ORDER BY id`));
  out('raw', (await sql`${tagged()} WHERE id = 3`.raw())[0].map((cell) => cell?.toString() ?? 'NULL').join('|'));
  const described = await sql`${tagged()} WHERE id = ${1}`.describe();
  out('described', described.types, described.columns.map((c) => c.name));

  // Sent at once over one connection: postgres.js does not wait for answers.
  const many = await Promise.all([...Array(40).keys()].map((i) => sql`SELECT ${i}::int * 2 AS n`));
  out('batch', many.map((answer) => answer[0].n).join(','));
  const mixed = await Promise.all([sql`SELECT 1`, sql`SELECT 1/${0}::int`, sql`SELECT 2`, sql`SELECT nothing FROM orders`, sql`SELECT 3`].map(state));
  out('batch', mixed.join(' '));
  out('batch', (await sql`SELECT 1; SELECT 2; SELECT 3`.simple()).map(rows).join(','));

  for await (const batch of sql`${tagged()} WHERE id <= 20 ORDER BY id`.cursor(7)) out('cursor', rows(batch));
  for await (const batch of sql`${tagged()} WHERE id <= 2000 ORDER BY id`.cursor(3)) { out('cursor left', rows(batch)); break; }
  await sql`${tagged()} WHERE id <= 3 ORDER BY id`.forEach((row) => out('for each', rows([row])));

  // The only binary it can be given: it asks for text, and a binary cursor answers in binary all the same.
  await sql.begin(async (t) => {
    await t`DECLARE coded BINARY CURSOR FOR ${tagged()} WHERE id = 6`.simple();
    const [[id, name, email, birth]] = await t`FETCH ALL FROM coded`.simple().raw();
    out('binary', [id.readInt32BE(), name, email, birth ?? 'NULL'].join('|'));
  });

  const copied = [];
  await pipeline(await sql`COPY (SELECT id, full_name, email, birth_date FROM customers WHERE id <= 3 ORDER BY id) TO STDOUT`.readable(),
    async (source) => { for await (const part of source) copied.push(part); });
  for (const line of Buffer.concat(copied).toString().trim().split('\n')) out('copy out', line.split('\t').map((c) => (c === '\\N' ? 'NULL' : c)).join('|'));
  await attempt('copy in', async () => {
    const query = sql`COPY order_log (order_id) FROM STDIN`;
    await pipeline(Readable.from(['1\n2\n', '3\n']), await query.writable());
    return 'done';
  });

  // It cancels once only: a row that has come proves that the statement runs.
  const endless = sql`SELECT repeat('x', 9000) FROM orders a, orders b, orders c`;
  let rowsSeen = 0;
  out('cancel', await state(endless.forEach(() => { if (rowsSeen++ === 0) endless.cancel(); })));
  out('after cancel', rows(await sql`SELECT 2`));
  for (const wrong of wrongs) out('error', await state(sql.unsafe(wrong)));

  out('commit', await sql.begin(async (t) => rows(await t`SELECT 3`)));
  out('savepoint', await sql.begin(async (t) => { await t.savepoint((s) => s`SELECT 1/0`).catch(() => {}); return rows(await t`SELECT 4`); }));
  await sql.begin(async (t) => {
    out('in a block', (await t`UPDATE products SET stock = 0 WHERE id = ${process.env.OTHER_PRODUCT}`.then((r) => r.count, (error) => error.code)));
    out('failed block', (await state(t`SELECT 4`)).split(' ')[0]);
    throw new Error('rolled back');
  }).catch((error) => out('rollback', /rolled back|PV001/.test(error.message + error.code) ? 'done' : error));
  await attempt('write', async () => (await sql`UPDATE products SET stock = stock + 1 WHERE id = ${process.env.PRODUCT}`).count);
  await sql.end();
  const pool = open({ max: 3, transform: postgres.camel });
  out('reconnect', (await Promise.all([1, 2, 3, 4, 5, 6].map((i) => pool`SELECT ${i}::int AS some_number`))).map((r) => r[0].someNumber));
  await pool.end();
}

run(main);

// What node_postgres.js, pg_cursor.js, pg_query_stream.js and postgres_js.js share.
const fs = require('fs');

const tagged = 'SELECT id, full_name, email, birth_date::text FROM customers WHERE id';
const out = (step, ...words) => { fs.writeSync(1, `${step}: ${words.join(' ').replace(/\s*\n\s*/g, ' ')}\n`); };
const line = (row) => row.map((cell) => cell ?? 'NULL').join('|');
const rows = (found) => found.map(line).join(';');
const wrongs = ['SELECT 1/0', 'SELECT nothing FROM orders', 'SELEC 1', 'SELECT * FROM nowhere'];
const ssl = process.env.PGSSLMODE === 'disable' ? false : { ca: fs.readFileSync(process.env.PGSSLROOTCERT), rejectUnauthorized: true };

async function attempt(step, run) {
  const error = await run().then((result) => out(step, result), (failure) => failure);
  if (!error) return;
  out(step, error.code ?? error);
  if (error.code !== 'PV001') return;
  out('held', error.detail);
  fs.readSync(0, Buffer.alloc(100));
  out('approved', await run());
  out('again', await run().catch((failure) => failure.code));
}

function run(main) { main().catch((error) => { console.error(error); process.exit(1); }); }

module.exports = { tagged, out, line, rows, wrongs, ssl, attempt, run };

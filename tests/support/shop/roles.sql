-- The two upstream roles: one that can only read, one that may write as well. Neither owns anything.
SELECT format('CREATE ROLE pgveil_reader LOGIN PASSWORD %L', :'reader_password')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pgveil_reader') \gexec
SELECT format('CREATE ROLE pgveil_writer LOGIN PASSWORD %L', :'writer_password')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pgveil_writer') \gexec
GRANT USAGE ON SCHEMA public TO pgveil_reader, pgveil_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO pgveil_reader, pgveil_writer;
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO pgveil_writer;
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO pgveil_writer;
GRANT CREATE ON SCHEMA public TO pgveil_writer;
ANALYZE;

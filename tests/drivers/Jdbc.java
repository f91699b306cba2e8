// PostgreSQL's JDBC driver through pgveil; programs.py says what each line means and compares them.
import java.io.*;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;
import org.postgresql.*;
import org.postgresql.copy.*;

public class Jdbc {
    static final String TAGGED = "SELECT id, full_name, email, birth_date FROM customers WHERE id";
    static final String ENDLESS = "SELECT count(*) FROM orders a, orders b, orders c";
    static final BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    static final Map<String, String> env = System.getenv();

    interface Do { Object run() throws Exception; }

    static void out(String step, Object... words) {
        String text = String.join(" ", Arrays.stream(words).map(String::valueOf).toList());
        System.out.println(step + ": " + text.replaceAll("\\s*\n\\s*", " "));
    }

    static String rows(ResultSet found) throws SQLException {
        StringJoiner all = new StringJoiner(";");
        while (found.next()) {
            StringJoiner row = new StringJoiner("|");
            for (int i = 1; i <= found.getMetaData().getColumnCount(); i++) row.add(Objects.toString(found.getObject(i), "NULL"));
            all.add(row.toString());
        }
        return all.toString();
    }

    static Connection open(String... options) throws SQLException {
        Properties more = new Properties();
        more.putAll(Map.of("user", env.get("PGUSER"), "password", env.get("PGPASSWORD"), "sslmode", env.get("PGSSLMODE"), "sslrootcert", env.get("PGSSLROOTCERT")));
        for (int i = 0; i < options.length; i += 2) more.put(options[i], options[i + 1]);
        return DriverManager.getConnection("jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE"), more);
    }

    static String state(Do what) throws Exception {
        try { return String.valueOf(what.run()); } catch (SQLException error) { return error.getSQLState(); }
    }

    static void attempt(String step, Do what) throws Exception {
        try {
            out(step, what.run());
            return;
        } catch (SQLException error) {
            out(step, error.getSQLState());
            if (!"PV001".equals(error.getSQLState())) return;
            out("held", ((org.postgresql.util.PSQLException) error).getServerErrorMessage().getDetail());
        }
        input.readLine();
        out("approved", what.run());
        out("again", state(what));
    }

    static String query(Connection c, String sql) throws SQLException { try (Statement s = c.createStatement()) { return rows(s.executeQuery(sql)); } }

    static int update(Connection c, String change, String product) throws SQLException {
        try (PreparedStatement s = c.prepareStatement("UPDATE products SET stock = " + change + " WHERE id = ?")) {
            s.setInt(1, Integer.parseInt(env.get(product)));
            return s.executeUpdate();
        }
    }

    static void cancel(Connection c) throws Exception {
        ScheduledExecutorService canceller = Executors.newSingleThreadScheduledExecutor();
        try (Statement s = c.createStatement()) {
            // A statement cancels itself once only, and that may come too early; the connection's own call follows.
            canceller.schedule(() -> { s.cancel(); return null; }, 100, TimeUnit.MILLISECONDS);
            canceller.scheduleWithFixedDelay(() -> { try { c.unwrap(PGConnection.class).cancelQuery(); } catch (SQLException ignored) { } }, 200, 100, TimeUnit.MILLISECONDS);
            out("cancel", state(() -> rows(s.executeQuery(ENDLESS))));
        }
        canceller.shutdownNow();
        canceller.awaitTermination(30, TimeUnit.SECONDS);
        out("after cancel", query(c, "SELECT 2"));
        try (Statement s = c.createStatement()) {
            s.setQueryTimeout(1);
            out("timeout", state(() -> rows(s.executeQuery(ENDLESS))));
        }
    }

    static void catalog(Connection c) throws SQLException {
        DatabaseMetaData meta = c.getMetaData();
        out("tables", rows(meta.getTables(null, "public", "%", new String[] {"TABLE", "VIEW"})));
        out("columns", rows(meta.getColumns(null, "public", "customers", null)));
        out("keys", rows(meta.getPrimaryKeys(null, "public", "order_items")), rows(meta.getImportedKeys(null, "public", "orders")));
        out("indexes", rows(meta.getIndexInfo(null, "public", "orders", false, true)));
        out("functions", rows(meta.getFunctions(null, "public", "%")));
    }

    public static void main(String[] arguments) throws Exception {
        Connection c = open();
        out("connect", query(c, "SELECT 1"));
        out("query", query(c, TAGGED + " <= 3 ORDER BY id"));
        // The fifth execution turns to a named statement, and with it to binary results.
        for (String threshold : List.of("5", "1", "0", "-1")) {
            try (Connection p = open("prepareThreshold", threshold); PreparedStatement s = p.prepareStatement(TAGGED + " = ?")) {
                for (int id = 1; id <= 7; id++) { s.setInt(1, id); out("prepared", rows(s.executeQuery())); }
            }
        }
        for (String mode : List.of("simple", "extended", "extendedForPrepared", "extendedCacheEverything")) {
            try (Connection p = open("preferQueryMode", mode, "ApplicationName", "driver"); PreparedStatement s = p.prepareStatement(TAGGED + " BETWEEN ? AND ? ORDER BY id")) {
                s.setInt(1, 4);
                s.setInt(2, 5);
                out("parameters", rows(s.executeQuery()), query(p, "SELECT total, placed_at, status, to_jsonb(id) FROM orders WHERE id = 1"));
            }
        }
        try (Connection p = open("prepareThreshold", "-1"); PreparedStatement s = p.prepareStatement(TAGGED + " = ? AND ? = '\\x0001ff'::bytea")) {
            s.setInt(1, 8);
            s.setBytes(2, new byte[] {0, 1, -1});
            out("binary", rows(s.executeQuery()));
        }
        try (PreparedStatement s = c.prepareStatement("SELECT id FROM products WHERE id = ANY(?) ORDER BY id")) {
            s.setArray(1, c.createArrayOf("int4", new Integer[] {3, 1, 2}));
            out("array", rows(s.executeQuery()), s.getParameterMetaData().getParameterTypeName(1), s.getMetaData().getColumnTypeName(1));
        }
        try (Statement s = c.createStatement()) {
            s.execute("SELECT 1; SELECT 2");
            out("batch", rows(s.getResultSet()), s.getMoreResults(), rows(s.getResultSet()));
        }
        catalog(c);

        c.setAutoCommit(false);
        try (PreparedStatement s = c.prepareStatement(TAGGED + " <= 20 ORDER BY id")) { s.setFetchSize(7); out("cursor", rows(s.executeQuery())); }
        c.commit();
        out("commit", query(c, "SELECT 3"));
        c.commit();
        Savepoint before = c.setSavepoint();
        out("savepoint", state(() -> query(c, "SELECT 1/0")));
        c.rollback(before);
        try (PreparedStatement s = c.prepareStatement("UPDATE products SET stock = 0 WHERE id = ?")) {
            for (int i = 0; i < 3; i++) { s.setInt(1, Integer.parseInt(env.get("OTHER_PRODUCT"))); s.addBatch(); }
            out("in a block", state(() -> s.executeBatch().length));
        }
        out("failed block", state(() -> query(c, "SELECT 4")));
        c.rollback();
        c.setReadOnly(true);
        c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        out("rollback", query(c, "SHOW transaction_isolation"), query(c, "SHOW transaction_read_only"));
        c.rollback();
        c.setReadOnly(false);
        c.setAutoCommit(true);

        CopyManager copies = c.unwrap(PGConnection.class).getCopyAPI();
        StringWriter copied = new StringWriter();
        copies.copyOut("COPY (" + TAGGED + " <= 3 ORDER BY id) TO STDOUT", copied);
        for (String line : copied.toString().split("\n")) out("copy out", line.replace("\\N", "NULL").replace('\t', '|'));
        attempt("copy in", () -> copies.copyIn("COPY order_log (order_id) FROM STDIN", new StringReader("1\n2\n3\n")));
        cancel(c);
        for (String wrong : List.of("SELECT 1/0", "SELECT nothing FROM orders", "SELEC 1", "SELECT * FROM nowhere")) out("error", state(() -> query(c, wrong)));
        attempt("write", () -> update(c, "stock + 1", "PRODUCT"));
        out("valid", c.isValid(5));
        c.close();
        try (Connection next = open()) { out("reconnect", query(next, "SELECT 6")); }
    }
}

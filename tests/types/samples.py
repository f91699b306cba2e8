"""Values of every built-in type, as literals of the server's input functions, and types made for the tests."""

SETUP = """
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE DOMAIN zip AS text CHECK (VALUE ~ '^[0-9]{5}$');
CREATE DOMAIN positive AS int4 CHECK (VALUE > 0);
CREATE TYPE person AS (name text, born date, salary numeric);
CREATE TYPE textrange AS RANGE (subtype = text);
CREATE TABLE kept (who person, zips zip[]);
"""

# Distinct, non-trivial values: their digits and letters are looked for in what comes out.
SAMPLES = {
    "bool": ["t", "f"], "bytea": [r"\x736563726574", r"\x00ff17", r"\x"], "char": ["x"], "name": ["Zacharias"],
    "int2": ["7", "-32768", "32767", "1234"], "int4": ["0", "48211", "-2147483648", "2147483647", "536221234"],
    "int8": ["42", "4111111111111111", "-9223372036854775808", "9223372036854775807", "14155552671"],
    "oid": ["48211"], "tid": ["(17,3)"], "xid": ["48211"], "cid": ["48211"], "xid8": ["482112233"], "pg_lsn": ["16/B374D848"],
    "oidvector": ["17 48211"], "int2vector": ["17 4821"], "regproc": ["now"], "regtype": ["int4"], "regclass": ["pg_class"],
    "text": ["John Doe", "john@example.com", "", "Žofie \"quoted\" back\\slash, {brace}", "550e8400-e29b-41d4-a716-446655440000", "12345678"],
    "varchar": ["secret text"], "bpchar": ["secret   "], "citext": ["Secret Text"],
    "json": ['{"a": [1, "john@example.com"]}', '"John"', "48211.5", "null", "[]", '"\\u0041\\n"'],
    "jsonb": ['{"a": [1, "john@example.com"]}', '"John"', "48211.5", "true"],
    "xml": ["<a>John</a>"], "jsonpath": ['$."secret"'],
    "point": ["(48.2,11.5)"], "lseg": ["[(48.2,11.5),(3,4)]"], "path": ["((48.2,11.5),(3,4))"], "box": ["(48.2,11.5),(3,4)"],
    "polygon": ["((48.2,11.5),(3,4),(5,6))"], "line": ["{48.2,11.5,3}"], "circle": ["<(48.2,11.5),3>"],
    "cidr": ["203.0.113.0/24", "2001:db8:77::/48", "10.0.0.0/8", "0.0.0.0/0"],
    "inet": ["203.0.113.7", "203.0.113.7/24", "2001:db8::77", "::1/64"],
    "macaddr": ["00:1b:44:11:3a:b7"], "macaddr8": ["00:1b:44:11:3a:b7:01:02"],
    "float4": ["1234.5", "-0.25", "NaN", "Infinity", "1e20", "48211"], "float8": ["1234.5678", "1e-5", "1e200", "-Infinity", "48211"],
    "money": ["1234.50", "-7.25"],
    "date": ["1980-02-03", "2024-02-29", "infinity", "-infinity", "0044-03-15 BC", "20000-01-01", "0001-01-01", "9999-12-31"],
    "time": ["04:05:06.789", "24:00:00"], "timetz": ["04:05:06.789+03:30"],
    "timestamp": ["1980-02-03 04:05:06.789", "1999-12-31 23:59:59.999999", "infinity", "0044-03-15 12:00:00 BC"],
    "timestamptz": ["1980-02-03 04:05:06.789+01", "2000-01-01 00:00:00+00", "-infinity"],
    "interval": ["1 year 2 mons 3 days 04:05:06", "-17 days"],
    "bit": ["10110"], "varbit": ["1011011101111"],
    "numeric": ["48211", "48211.50", "-0.00017", "1e40", "NaN", "Infinity", "0", "10000", "123456789012345678901234567890.5"],
    "uuid": ["550e8400-e29b-41d4-a716-446655440000"], "tsvector": ["'john':1 'doe':2A,3"], "tsquery": ["'john' & 'doe'"],
    "hstore": ['"email"=>"john@example.com", "plain"=>NULL', '"a"=>"b c\\"d"'], "ltree": ["Top.Secret"],
    "int4range": ["[17,48211)", "empty", "(,5)", "(,)"], "int8range": ["[17,4821122)"], "numrange": ["[17.5,48211.25]", "(,48211]"],
    "tsrange": ['["2020-01-01 00:00:00","2020-06-01 12:30:00")'], "tstzrange": ['["2020-01-01 00:00:00+00",)'],
    "daterange": ["[1980-02-03,1990-04-05)", "empty", "[1980-02-03,)"],
    "int4multirange": ["{[17,48211),[50000,60000)}", "{}"], "datemultirange": ["{[1980-02-03,1990-04-05),[2001-01-01,2002-02-02)}"],
    "nummultirange": ["{[17.5,48211.25]}"], "textrange": ["[alpha,john@example.com]"], "textmultirange": ["{[alpha,john@example.com]}"],
    "mood": ["happy"], "zip": ["94107"], "positive": ["48211"], "person": ['("John Doe",1980-02-03,48211.5)', '(,,)'],
    "refcursor": ["cursor_secret"], "txid_snapshot": ["10:20:10,14,15"], "pg_snapshot": ["10:20:10,14,15"],
}

// Options of masking.
#include "config/sections.h"

namespace pgveil::config {

template <>
const Options<EqualityLimit>& options_of<EqualityLimit>() {
    static const Options<EqualityLimit> all{
        option(&EqualityLimit::statement, {.name = "statement", .sentence = "Distinct values one statement may compare with sensitive columns.", .example = "20"}),
        option(&EqualityLimit::hour, {.name = "hour", .sentence = "Distinct values an agent may compare in an hour.", .example = "1000"}),
    };
    return all;
}

const Options<Masking>& masking_options() {
    static const Options<Masking> all{
        option(&Masking::packs, {.name = "packs", .sentence = "Rule packs, under rules_dir or as paths.", .example = "[\"core\", \"region/us\"]",
               .fallback = "[\"core\"]"}),
        option(&Masking::rules_dir, {.name = "rules_dir", .sentence = "Directory of the packs.", .example = "\"/usr/share/pgveil/rules\"",
               .fallback = "$PGVEIL_RULES, else ./rules, else the installed packs"}),
        option(&Masking::disable, {.name = "disable", .sentence = "Ids of rules that are switched off.", .example = "[\"core/ip_address\"]"}),
        option(&Masking::key_file, {.name = "key_file", .sentence = "Key of pseudonyms and hashes; created only while log and store are new.",
               .example = "\"state/mask.key\"", .fallback = "\"mask.key\" under proxy.state", .restart = true}),
        option(&Masking::old_key_files, {.name = "old_key_files", .sentence = "Former keys, so that old masks are still recognised.",
               .example = "[\"state/mask.2025.key\"]", .restart = true}),
        option(&Masking::predicates, {.name = "predicates", .sentence = "Sensitive columns in WHERE, JOIN, ORDER and GROUP; small domains (birth date, "
               "PIN, age, boolean) are denied unless this is allow or the column says otherwise.", .example = "\"equality\""}),
        option(&Masking::equality_limit, {.name = "equality_limit", .sentence = "Distinct values that may be compared with sensitive columns; beyond: hold.",
               .example = "{ statement = 20, hour = 1000 }"}),
        option(&Masking::scope, {.name = "scope", .sentence = "Who shares a pseudonym.", .example = "\"agent\""}),
        option(&Masking::opaque, {.name = "opaque", .sentence = "Expressions whose origin cannot be resolved.", .example = "\"redact\""}),
        option(&Masking::sample, {.name = "sample", .sentence = "How often each table's values are sampled for the columns' votes, as the upstream role; new and "
               "changed tables at once. 0s: never, and what votes said against is forgotten.", .example = "\"24h\"", .least = 0, .most = 31'536'000}),
    };
    return all;
}

const Options<ColumnEntry>& column_options() {
    static const Options<ColumnEntry> all{
        option(&ColumnEntry::column, {.name = "column", .sentence = "database.schema.table.column; * and ? match within a part.",
               .example = "\"shop.public.customers.email\"", .required = true}),
        option(&ColumnEntry::class_name, {.name = "class", .sentence = "What the values are.", .example = "\"EMAIL_ADDRESS\"", .fallback = "\"SENSITIVE\""}),
        option(&ColumnEntry::transform, {.name = "transform", .sentence = "What becomes of them; clear needs an exact name and also silences content and "
               "name hints on that column.", .example = "\"pseudonym\"", .fallback = "\"redact\""}),
        option(&ColumnEntry::predicates, {.name = "predicates", .sentence = "Overrides masking.predicates for this column.", .example = "\"deny\""}),
    };
    return all;
}

}  // namespace pgveil::config

// ProxyCall: is the statement one of the proxy's own functions, whole and in the one form that counts?
//
// `SELECT * FROM pgveil.<function>('text')` or `($1)`. Anywhere else a pgveil function is Misused. Pure.
#pragma once

#include "sql/analysis.h"
#include "sql/tree.h"

namespace pgveil::sql {

struct ProxyCallForm {
    ProxyCall call = ProxyCall::None;
    std::string argument;
    bool argument_is_parameter = false;
};
[[nodiscard]] ProxyCallForm proxy_call_of(const Node* statement);

}  // namespace pgveil::sql

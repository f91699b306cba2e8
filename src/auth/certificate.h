// Which names a verified client certificate proves. Pure: the names come from net, verified and without NULs.
//
//   subject alternative names | decided by
//   some (DNS, e-mail, URI)   | exactly one of them equal to the account's subject; the common name counts for nothing
//   none                      | the one common name
// Compared byte for byte: no wildcards, no case folding, so two spellings never meet in one account.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pgveil::auth {

[[nodiscard]] bool certificate_proves(std::string_view subject, std::string_view common_name,
                                      std::span<const std::string> alternative_names);

}  // namespace pgveil::auth

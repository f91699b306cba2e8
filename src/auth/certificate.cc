#include "auth/certificate.h"

#include <algorithm>

namespace pgveil::auth {

bool certificate_proves(std::string_view subject, std::string_view common_name, std::span<const std::string> alternative_names) {
    if (subject.empty()) return false;
    if (!alternative_names.empty()) return std::ranges::count(alternative_names, subject) == 1;
    return common_name == subject;
}

}  // namespace pgveil::auth

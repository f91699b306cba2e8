#include "auth/certificate.h"

#include <doctest/doctest.h>

#include <vector>

using pgveil::auth::certificate_proves;
using Names = std::vector<std::string>;

TEST_CASE("without alternative names the common name decides") {
    CHECK(certificate_proves("copilot", "copilot", {}));
    CHECK_FALSE(certificate_proves("copilot", "Copilot", {}));
    CHECK_FALSE(certificate_proves("copilot", "", {}));
    CHECK_FALSE(certificate_proves("", "", {}));
}

TEST_CASE("with alternative names exactly one of them must match, and the common name counts for nothing") {
    CHECK(certificate_proves("spiffe://example.com/copilot", "whoever", Names{"other.example.com", "spiffe://example.com/copilot"}));
    CHECK_FALSE(certificate_proves("copilot", "copilot", Names{"other.example.com"}));
    CHECK_FALSE(certificate_proves("copilot", "copilot", Names{"copilot", "copilot"}));
    CHECK_FALSE(certificate_proves("a.example.com", "", Names{"*.example.com"}));
}

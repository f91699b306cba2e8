#include <algorithm>
#include <array>

#include "detect/confirm.h"

namespace pgveil::masking {
namespace {

constexpr std::array kConfirmers = {
    NamedConfirmer{"card", confirm_card},
    NamedConfirmer{"digits", confirm_digits},
    NamedConfirmer{"email", confirm_email},
    NamedConfirmer{"iban", confirm_iban},
    NamedConfirmer{"jwt", confirm_jwt},
    NamedConfirmer{"key_value", confirm_key_value},
    NamedConfirmer{"password_hash", confirm_password_hash},
    NamedConfirmer{"pem", confirm_pem},
    NamedConfirmer{"phone_e164", confirm_phone_e164},
    NamedConfirmer{"phone_hinted", confirm_phone_hinted},
    NamedConfirmer{"token", confirm_token},
    NamedConfirmer{"url_password", confirm_url_password},
    NamedConfirmer{"us_itin", confirm_us_itin},
    NamedConfirmer{"us_ssn", confirm_us_ssn},
};

}  // namespace

std::span<const NamedConfirmer> confirmers() { return kConfirmers; }

Confirmer confirmer_named(std::string_view name) {
    const auto* found = std::ranges::find(kConfirmers, name, &NamedConfirmer::name);
    return found == kConfirmers.end() ? nullptr : found->confirm;
}

}  // namespace pgveil::masking

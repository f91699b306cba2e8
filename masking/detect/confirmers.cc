#include <algorithm>
#include <array>

#include "detect/confirm.h"

namespace pgveil::masking {
namespace {

constexpr std::array kConfirmers = {
    NamedConfirmer{"au_medicare", confirm_au_medicare},
    NamedConfirmer{"au_tfn", confirm_au_tfn},
    NamedConfirmer{"be_national", confirm_be_national},
    NamedConfirmer{"br_cpf", confirm_br_cpf},
    NamedConfirmer{"card", confirm_card},
    NamedConfirmer{"ch_ahv", confirm_ch_ahv},
    NamedConfirmer{"cn_resident_id", confirm_cn_resident_id},
    NamedConfirmer{"de_tax_id", confirm_de_tax_id},
    NamedConfirmer{"digits", confirm_digits},
    NamedConfirmer{"email", confirm_email},
    NamedConfirmer{"es_nif", confirm_es_nif},
    NamedConfirmer{"fi_hetu", confirm_fi_hetu},
    NamedConfirmer{"fr_nir", confirm_fr_nir},
    NamedConfirmer{"iban", confirm_iban},
    NamedConfirmer{"in_aadhaar", confirm_in_aadhaar},
    NamedConfirmer{"it_fiscal_code", confirm_it_fiscal_code},
    NamedConfirmer{"jwt", confirm_jwt},
    NamedConfirmer{"key_value", confirm_key_value},
    NamedConfirmer{"kr_rrn", confirm_kr_rrn},
    NamedConfirmer{"luhn", confirm_luhn},
    NamedConfirmer{"nl_bsn", confirm_nl_bsn},
    NamedConfirmer{"password_hash", confirm_password_hash},
    NamedConfirmer{"pem", confirm_pem},
    NamedConfirmer{"phone_e164", confirm_phone_e164},
    NamedConfirmer{"phone_hinted", confirm_phone_hinted},
    NamedConfirmer{"pl_pesel", confirm_pl_pesel},
    NamedConfirmer{"se_personal_number", confirm_se_personal_number},
    NamedConfirmer{"sg_nric", confirm_sg_nric},
    NamedConfirmer{"th_national", confirm_th_national},
    NamedConfirmer{"token", confirm_token},
    NamedConfirmer{"tr_national", confirm_tr_national},
    NamedConfirmer{"uk_nhs", confirm_uk_nhs},
    NamedConfirmer{"uk_nino", confirm_uk_nino},
    NamedConfirmer{"url_password", confirm_url_password},
    NamedConfirmer{"us_dea", confirm_us_dea},
    NamedConfirmer{"us_itin", confirm_us_itin},
    NamedConfirmer{"us_npi", confirm_us_npi},
    NamedConfirmer{"us_routing", confirm_us_routing},
    NamedConfirmer{"us_ssn", confirm_us_ssn},
};

}  // namespace

std::span<const NamedConfirmer> confirmers() { return kConfirmers; }

Confirmer confirmer_named(std::string_view name) {
    const auto* found = std::ranges::find(kConfirmers, name, &NamedConfirmer::name);
    return found == kConfirmers.end() ? nullptr : found->confirm;
}

}  // namespace pgveil::masking

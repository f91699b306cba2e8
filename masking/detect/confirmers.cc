#include <algorithm>
#include <array>

#include "detect/confirm.h"
#include "pgveil/masking/mask_plan.h"

namespace pgveil::masking {
namespace {

constexpr std::array kConfirmers = {
    NamedConfirmer{"au_abn", confirm_au_abn, true},
    NamedConfirmer{"au_acn", confirm_au_acn, true},
    NamedConfirmer{"au_medicare", confirm_au_medicare, true},
    NamedConfirmer{"au_tfn", confirm_au_tfn, true},
    NamedConfirmer{"be_national", confirm_be_national, true},
    NamedConfirmer{"br_cpf", confirm_br_cpf, true},
    NamedConfirmer{"card", confirm_card, false, false, look_alike::SixteenDigits},
    NamedConfirmer{"ch_ahv", confirm_ch_ahv, true},
    NamedConfirmer{"cn_resident_id", confirm_cn_resident_id, true},
    NamedConfirmer{"de_doctor", confirm_de_doctor, true},
    NamedConfirmer{"de_document", confirm_de_document},
    NamedConfirmer{"de_health", confirm_de_health, true},
    NamedConfirmer{"de_pension", confirm_de_pension, true},
    NamedConfirmer{"de_tax_id", confirm_de_tax_id, true},
    NamedConfirmer{"de_vat", confirm_de_vat, true},
    NamedConfirmer{"digits", confirm_digits},
    NamedConfirmer{"email", confirm_email},
    NamedConfirmer{"es_nie", confirm_es_nie, true},
    NamedConfirmer{"es_nif", confirm_es_nif, true},
    NamedConfirmer{"fi_hetu", confirm_fi_hetu, true},
    NamedConfirmer{"fr_nir", confirm_fr_nir, true},
    NamedConfirmer{"iban", confirm_iban},
    NamedConfirmer{"imei", confirm_imei},
    NamedConfirmer{"in_aadhaar", confirm_in_aadhaar, true},
    NamedConfirmer{"in_gstin", confirm_in_gstin, true},
    NamedConfirmer{"it_fiscal_code", confirm_it_fiscal_code, true},
    NamedConfirmer{"it_vat", confirm_it_vat, true},
    NamedConfirmer{"jwt", confirm_jwt},
    NamedConfirmer{"key_value", confirm_key_value},
    NamedConfirmer{"kr_brn", confirm_kr_brn, true},
    NamedConfirmer{"kr_frn", confirm_kr_frn},
    NamedConfirmer{"kr_rrn", confirm_kr_rrn},
    NamedConfirmer{"luhn", confirm_luhn, true},
    NamedConfirmer{"ng_nin", confirm_ng_nin, true},
    NamedConfirmer{"nl_bsn", confirm_nl_bsn, true},
    NamedConfirmer{"password_hash", confirm_password_hash},
    NamedConfirmer{"pem", confirm_pem},
    NamedConfirmer{"phone_e164", confirm_phone_e164},
    NamedConfirmer{"phone_hinted", confirm_phone_hinted},
    NamedConfirmer{"pl_pesel", confirm_pl_pesel, true},
    NamedConfirmer{"se_organisation", confirm_se_organisation, true},
    NamedConfirmer{"se_personal_number", confirm_se_personal_number, true},
    NamedConfirmer{"sg_nric", confirm_sg_nric, true},
    NamedConfirmer{"sg_uen", confirm_sg_uen, true},
    NamedConfirmer{"th_national", confirm_th_national, true},
    NamedConfirmer{"token", confirm_token},
    NamedConfirmer{"tr_national", confirm_tr_national, true},
    NamedConfirmer{"uk_driving_licence", confirm_uk_driving_licence},
    NamedConfirmer{"uk_nhs", confirm_uk_nhs, true},
    NamedConfirmer{"uk_nino", confirm_uk_nino},
    NamedConfirmer{"url", confirm_url, false, true},
    NamedConfirmer{"url_password", confirm_url_password},
    NamedConfirmer{"us_dea", confirm_us_dea, true},
    NamedConfirmer{"us_itin", confirm_us_itin, false, false, look_alike::NineDigits},
    NamedConfirmer{"us_npi", confirm_us_npi, true},
    NamedConfirmer{"us_routing", confirm_us_routing, true},
    NamedConfirmer{"us_ssn", confirm_us_ssn, false, false, look_alike::NineDigits},
    NamedConfirmer{"vin", confirm_vin},
    NamedConfirmer{"wallet", confirm_wallet},
    NamedConfirmer{"za_id", confirm_za_id, true},
};

}  // namespace

std::span<const NamedConfirmer> confirmers() { return kConfirmers; }

const NamedConfirmer* named_confirmer(std::string_view name) {
    const auto* found = std::ranges::find(kConfirmers, name, &NamedConfirmer::name);
    return found == kConfirmers.end() ? nullptr : found;
}

Confirmer confirmer_named(std::string_view name) {
    const NamedConfirmer* found = named_confirmer(name);
    return found == nullptr ? nullptr : found->confirm;
}

}  // namespace pgveil::masking

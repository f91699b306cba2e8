// Confirmers: hand-written second opinions on a pattern's candidate.
//
// A pattern says *that* and *where it ends*; a confirmer finds the start (and may move the end), checks
// structure and checksum and says how sure it is. Pure functions of one field's text: neighbours are never
// visible, so a candidate glued together by batching fails here. Hostile bytes: yes. Work per candidate is
// bounded by kReach to the left. Any thread, no state, no allocation but in `phone`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pgveil::masking {

struct Candidate {
    std::string_view text;
    std::size_t end = 0;    // one past the last byte the pattern matched
    bool hinted = false;    // the column name or key path speaks for this rule
    bool hurried = false;   // this text has offered many candidates: leave out what is dear, and rather confirm
};

struct Confirmed {
    std::size_t start = 0, end = 0;
    double confidence = 0.0;
};

using Answer = std::optional<Confirmed>;
using Confirmer = Answer (*)(const Candidate&);

/// How far a confirmer looks to the left for a start. What is longer is masked from there.
inline constexpr std::size_t kReach = 8192;

struct NamedConfirmer {
    std::string_view name;
    Confirmer confirm = nullptr;
    /// A check digit: that most values of a column pass is no chance, and a person's. (A column of IMEIs needs its name.)
    bool checked = false;
    bool column_only = false;   // a hint within a text says nothing: "url: https://..." is ordinary prose
    std::uint8_t look_alike = 0;  // a shape it shares with ids (look_alike, mask_plan.h): a column's vote may silence it
};
/// All confirmers a rule may name, sorted by name.
[[nodiscard]] std::span<const NamedConfirmer> confirmers();
/// The confirmer of that name, or nullptr.
[[nodiscard]] const NamedConfirmer* named_confirmer(std::string_view name);
[[nodiscard]] Confirmer confirmer_named(std::string_view name);

Answer confirm_email(const Candidate&);
Answer confirm_card(const Candidate&);
Answer confirm_iban(const Candidate&);
Answer confirm_us_ssn(const Candidate&);
Answer confirm_us_itin(const Candidate&);
Answer confirm_phone_e164(const Candidate&);
Answer confirm_phone_hinted(const Candidate&);
Answer confirm_digits(const Candidate&);
Answer confirm_jwt(const Candidate&);
Answer confirm_pem(const Candidate&);
Answer confirm_url_password(const Candidate&);
Answer confirm_key_value(const Candidate&);
Answer confirm_token(const Candidate&);
Answer confirm_password_hash(const Candidate&);
Answer confirm_url(const Candidate&);
// confirm_national.cc
Answer confirm_uk_nhs(const Candidate&);
Answer confirm_uk_nino(const Candidate&);
Answer confirm_de_tax_id(const Candidate&);
Answer confirm_es_nif(const Candidate&);
Answer confirm_it_fiscal_code(const Candidate&);
Answer confirm_fr_nir(const Candidate&);
Answer confirm_fi_hetu(const Candidate&);
Answer confirm_pl_pesel(const Candidate&);
Answer confirm_se_personal_number(const Candidate&);
Answer confirm_br_cpf(const Candidate&);
Answer confirm_in_aadhaar(const Candidate&);
Answer confirm_luhn(const Candidate&);
Answer confirm_us_npi(const Candidate&);
Answer confirm_us_routing(const Candidate&);
Answer confirm_us_dea(const Candidate&);
Answer confirm_cn_resident_id(const Candidate&);
Answer confirm_kr_rrn(const Candidate&);
Answer confirm_sg_nric(const Candidate&);
Answer confirm_be_national(const Candidate&);
Answer confirm_ch_ahv(const Candidate&);
Answer confirm_nl_bsn(const Candidate&);
Answer confirm_au_tfn(const Candidate&);
Answer confirm_au_medicare(const Candidate&);
Answer confirm_tr_national(const Candidate&);
Answer confirm_th_national(const Candidate&);
// confirm_registers.cc, confirm_persons.cc, confirm_wallet.cc
Answer confirm_au_abn(const Candidate&);
Answer confirm_au_acn(const Candidate&);
Answer confirm_it_vat(const Candidate&);
Answer confirm_de_vat(const Candidate&);
Answer confirm_se_organisation(const Candidate&);
Answer confirm_kr_brn(const Candidate&);
Answer confirm_sg_uen(const Candidate&);
Answer confirm_in_gstin(const Candidate&);
Answer confirm_vin(const Candidate&);
Answer confirm_es_nie(const Candidate&);
Answer confirm_de_pension(const Candidate&);
Answer confirm_de_health(const Candidate&);
Answer confirm_de_document(const Candidate&);
Answer confirm_de_doctor(const Candidate&);
Answer confirm_kr_frn(const Candidate&);
Answer confirm_za_id(const Candidate&);
Answer confirm_ng_nin(const Candidate&);
Answer confirm_imei(const Candidate&);
Answer confirm_uk_driving_licence(const Candidate&);
Answer confirm_wallet(const Candidate&);

/// A run of digits with single separators between them, read leftwards from `end`.
struct DigitRun {
    std::size_t start = 0, end = 0;
    char digits[40] = {};
    std::size_t count = 0;
    char separator = '\0';      // the one used; 0 none
    bool mixed = false;         // more than one kind of separator
    bool too_long = false;      // more digits than fit
    [[nodiscard]] std::string_view text() const { return {digits, count}; }
};
/// Reads the maximal run ending at `end` whose separators are among `separators`.
[[nodiscard]] DigitRun digit_run_before(std::string_view text, std::size_t end, std::string_view separators);
/// False if the run is part of a longer token: a word, a decimal, a dotted version, a UUID.
[[nodiscard]] bool stands_free(std::string_view text, std::size_t start, std::size_t end);

}  // namespace pgveil::masking

// Checksums of public numbering schemes. Pure, over strings of ASCII digits (separators removed by
// the caller) unless said otherwise; anything else in the input gives false. Any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace pgveil::masking {

/// ISO/IEC 7812-1 annex B.
[[nodiscard]] bool luhn_holds(std::string_view digits);
/// ISO 7064 mod 97-10 over letters and digits with the first four characters moved to the end (IBAN).
[[nodiscard]] bool iban_mod97_holds(std::string_view compact);
/// Verhoeff's dihedral code (Aadhaar).
[[nodiscard]] bool verhoeff_holds(std::string_view digits);
/// ISO 7064 mod 11,10 (German tax id, VAT id).
[[nodiscard]] bool mod11_10_holds(std::string_view digits);
/// Sum of digit times weight; sizes must agree, else -1.
[[nodiscard]] std::int64_t weighted_sum(std::string_view digits, std::initializer_list<int> weights);
/// True when every digit is the same.
[[nodiscard]] bool one_digit_repeated(std::string_view digits);
/// Length of the IBANs of a country (ISO 13616 registry), 0 if it has none.
[[nodiscard]] std::size_t iban_length(std::string_view country);

}  // namespace pgveil::masking

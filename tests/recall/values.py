"""Well-formed values of each class, made by arithmetic of their own: nothing here is shared with the detectors.

`CLASSES` maps a class to (maker, columns that fit, may stand alone). A maker takes a random.Random.
"""
import base64
import hashlib
import json

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALNUM = LETTERS + LETTERS.lower() + "0123456789"


def digits(r, n):
    return "".join(r.choice("0123456789") for _ in range(n))


def some(r, alphabet, n):
    return "".join(r.choice(alphabet) for _ in range(n))


def luhn(body):
    total = 0
    for place, c in enumerate(reversed(body)):
        value = int(c) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def weighted(text, weights):
    return sum(int(c) * w for c, w in zip(text, weights))


def until(make, holds):
    while True:
        value = make()
        if holds(value):
            return value


def date6(r):
    return "%02d%02d%02d" % (r.randint(40, 99), r.randint(1, 12), r.randint(1, 28))


def grouped(text, sizes, by):
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at:at + size])
        at += size
    return by.join(parts + ([text[at:]] if text[at:] else []))


def varied(r, text, sizes, separators):
    by = r.choice(separators)
    return grouped(text, sizes, by) if by else text


def card(r):
    prefix, size = r.choice([("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15), ("6011", 16), ("65", 16), ("3528", 16),
                             ("36", 14), ("300", 14), ("62", 16)])
    number = luhn(prefix + digits(r, size - 1 - len(prefix)))
    return varied(r, number, {16: (4, 4, 4), 15: (4, 6), 14: (4, 6)}[size], ["", " ", "-"])


def iban(r):
    country, body = r.choice([("DE", digits(r, 18)), ("GB", some(r, LETTERS, 4) + digits(r, 14)), ("FR", digits(r, 10) + some(r, LETTERS + "0123456789", 11) + digits(r, 2)),
                              ("NL", some(r, LETTERS, 4) + digits(r, 10)), ("ES", digits(r, 20)), ("NO", digits(r, 11)), ("PL", digits(r, 24)),
                              ("IT", r.choice(LETTERS) + digits(r, 10) + digits(r, 12)), ("CH", digits(r, 17)), ("SE", digits(r, 20))])
    text = body + country + "00"
    check = 98 - int("".join(str(int(c, 36)) for c in text)) % 97
    whole = f"{country}{check:02d}{body}"
    return varied(r, whole, (4,) * (len(whole) // 4), ["", " "])


def email(r):
    name = some(r, "abcdefghijklmnopqrstuvwxyz", r.randint(2, 9))
    return r.choice([name, name + "." + name[::-1], name + "+tag", name + str(r.randint(1, 99))]) + "@" + some(r, "abcdefghij", r.randint(3, 9)) + "." + \
        r.choice(["com", "org", "de", "co.uk", "io", "fr", "com.au", "jp"])


def ssn(r):
    area = until(lambda: r.randint(1, 899), lambda n: n != 666)
    return f"{area:03d}-{r.randint(1, 99):02d}-{r.randint(1, 9999):04d}"


def itin(r):
    return f"9{digits(r, 2)}-{r.choice(list(range(70, 89)) + [90, 91, 92] + list(range(94, 100)))}-{digits(r, 4)}"


def phone(r):
    return r.choice([lambda: f"+1 {r.choice(['212', '415', '303', '617', '713'])}-{r.randint(200, 999)}-{digits(r, 4)}", lambda: f"+44 20 7{digits(r, 3)} {digits(r, 4)}",
                     lambda: f"+49 30 {r.randint(1, 9)}{digits(r, 7)}", lambda: f"+33 1 4{r.randint(0, 9)} {digits(r, 2)} {digits(r, 2)} {digits(r, 2)}",
                     lambda: f"+91 98{digits(r, 3)} {digits(r, 5)}"])()


def national_phone(r):
    return r.choice([lambda: f"({r.randint(201, 989)}) {r.randint(200, 999)}-{digits(r, 4)}", lambda: f"{r.randint(201, 989)}-{r.randint(200, 999)}-{digits(r, 4)}",
                     lambda: f"0{r.randint(20, 99)} {digits(r, 4)} {digits(r, 4)}", lambda: "07" + digits(r, 9)])()


def mbi(r, dashed):
    alpha = "ACDEFGHJKMNPQRTUVWXY"
    a, an = (lambda: r.choice(alpha)), (lambda: r.choice(alpha + "0123456789"))
    text = r.choice("123456789") + a() + an() + digits(r, 1) + a() + an() + digits(r, 1) + a() + a() + digits(r, 2)
    return grouped(text, (4, 3), "-") if dashed else text


def npi(r):
    body = r.choice("12") + digits(r, 8)
    return luhn("80840" + body)[5:]


def aba(r):
    return until(lambda: r.choice(["01", "02", "06", "11", "12", "21", "26", "31", "32", "61", "72"]) + digits(r, 7),
                 lambda s: weighted(s, (3, 7, 1) * 3) % 10 == 0)


def dea(r):
    body = digits(r, 6)
    return r.choice("ABFGM") + r.choice(LETTERS) + body + str((weighted(body, (1, 2) * 3)) % 10)


def nhs(r):
    def checked():
        body = r.choice("4679") + digits(r, 8)
        return body, 11 - weighted(body, range(10, 1, -1)) % 11
    body, check = until(checked, lambda p: p[1] != 10)
    return varied(r, body + str(check % 11), (3, 3), ["", " ", "-"])


def nino(r, spaced):
    pair = until(lambda: r.choice("ABCEGHJKLMNOPRSTWXYZ") + r.choice("ABCEGHJKLMNPRSTWXYZ"), lambda p: p not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ"))
    text = pair + digits(r, 6) + r.choice("ABCD")
    return grouped(text, (2, 2, 2, 2), " ") if spaced else text


def postcode(r):
    inward = r.choice("0123456789") + some(r, "ABDEFGHJLNPQRSTUWXYZ", 2)
    outward = r.choice([r.choice(LETTERS[:8]) + digits(r, 1), some(r, "ABCDEFGH", 2) + digits(r, 2), "SW" + digits(r, 1) + "A"])
    return outward + r.choice([" ", ""]) + inward


def driving_licence(r):
    surname = some(r, LETTERS, r.randint(2, 5)).ljust(5, "9")
    month = r.randint(1, 12) + r.choice([0, 50])
    return f"{surname}{r.randint(0, 9)}{month:02d}{r.randint(1, 28):02d}{r.randint(0, 9)}{r.choice(LETTERS)}{r.choice(LETTERS + '9')}{r.choice('9ABCDEFGH')}{some(r, LETTERS, 2)}"


def abn(r):
    return varied(r, until(lambda: r.choice("123456789") + digits(r, 10), lambda s: weighted(str(int(s[0]) - 1) + s[1:], (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)) % 89 == 0),
                  (2, 3, 3), ["", " "])


def acn(r):
    body = digits(r, 8)
    return varied(r, body + str(-weighted(body, range(8, 0, -1)) % 10), (3, 3), ["", " "])


def tfn(r):
    return varied(r, until(lambda: digits(r, 9), lambda s: weighted(s, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0), (3, 3), ["", " "])


def medicare(r):
    body = r.choice("23456") + digits(r, 7)
    return varied(r, body + str(weighted(body, (1, 3, 7, 9) * 2) % 10) + r.choice("123456789"), (4, 5), ["", " "])


def verhoeff(body):
    def multiply(a, b):
        if a < 5:
            return (a + b) % 5 if b < 5 else (a + b - 5) % 5 + 5
        return (a - b) % 5 + 5 if b < 5 else (a - b) % 5
    rotation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]

    def turned(d, times):
        for _ in range(times % 8):
            d = rotation[d]
        return d
    for check in "0123456789":
        state = 0
        for place, c in enumerate(reversed(body + check)):
            state = multiply(state, turned(int(c), place))
        if state == 0:
            return body + check
    raise AssertionError


def aadhaar(r):
    return varied(r, verhoeff(r.choice("23456789") + digits(r, 10)), (4, 4), ["", " ", "-"])


def pan(r):
    return some(r, LETTERS, 3) + r.choice("ABCFGHLJPT") + r.choice(LETTERS) + digits(r, 4) + r.choice(LETTERS)


def gstin(r):
    body = f"{r.randint(1, 37):02d}{pan(r)}{r.choice('123456789')}Z"
    total = 0
    for place, c in enumerate(body):
        product = int(c, 36) * (1 + place % 2)
        total += product // 36 + product % 36
    return body + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[-total % 36]


def nric(r):
    first = r.choice("STFG")
    body = digits(r, 7)
    total = weighted(body, (2, 7, 6, 5, 4, 3, 2)) + (4 if first in "TG" else 0)
    return first + body + ("JZIHGFEDCBA" if first in "ST" else "XWUTRQPNMLK")[total % 11]


def uen(r):
    if r.random() < 0.5:
        body = digits(r, 8)
        return body + "XMKECAWLJDB"[weighted(body, (10, 4, 9, 3, 8, 2, 7, 1)) % 11]
    body = r.choice(["19", "20"]) + digits(r, 7)
    return body + "ZKCMDNERGWH"[weighted(body, (10, 8, 6, 4, 9, 7, 5, 3, 1)) % 11]


def nif(r):
    body = digits(r, 8)
    return body + r.choice(["", "-"]) + "TRWAGMYFPDXBNJZSQVHLCKE"[int(body) % 23]


def nie(r):
    first, body = r.choice("XYZ"), digits(r, 7)
    return first + body + "TRWAGMYFPDXBNJZSQVHLCKE"[int(str("XYZ".index(first)) + body) % 23]


def fiscal_code(r):
    body = some(r, "BCDFGLMNPRSTVZ", 6) + f"{r.randint(0, 99):02d}{r.choice('ABCDEHLMPRST')}{r.randint(1, 31) + r.choice([0, 40]):02d}{r.choice('ABCDEFGHIL')}{digits(r, 3)}"
    odd = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]))
    total = sum(odd[c] if place % 2 == 0 else (int(c) if c.isdigit() else ord(c) - 65) for place, c in enumerate(body))
    return body + chr(65 + total % 26)


def pesel(r):
    body = date6(r) + digits(r, 4)
    return body + str(-weighted(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10)


def hetu(r):
    day = f"{r.randint(1, 28):02d}{r.randint(1, 12):02d}{r.randint(0, 99):02d}"
    serial = f"{r.randint(2, 899):03d}"
    return day + r.choice("-A") + serial + "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(day + serial) % 31]


def personnummer(r):
    body = date6(r) + digits(r, 3)
    number = luhn(body)
    return r.choice(["", "19"]) + number[:6] + r.choice(["", "-"]) + number[6:]


def organisation(r):
    number = luhn(r.choice(["55", "21", "80"]) + r.choice("23456789") + digits(r, 6))
    return number[:6] + r.choice(["", "-"]) + number[6:]


def iso7064(body):
    product = 10
    for c in body:
        total = (int(c) + product) % 10 or 10
        product = total * 2 % 11
    return body + str((11 - product) % 10)


def digit_sum(n):
    return n // 10 + n % 10


def pension(r):
    body = f"{r.choice([2, 4, 8, 12, 15, 50, 65]):02d}{r.randint(1, 28):02d}{r.randint(1, 12):02d}{digits(r, 2)}"
    letter, serial = r.choice(LETTERS), digits(r, 2)
    spelled = body + f"{ord(letter) - 64:02d}" + serial
    return body + letter + serial + str(sum(digit_sum(int(c) * w) for c, w in zip(spelled, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1))) % 10)


def health(r):
    letter, body = r.choice(LETTERS), digits(r, 8)
    return letter + body + str(sum(digit_sum(int(c) * w) for c, w in zip(f"{ord(letter) - 64:02d}" + body, (1, 2) * 5)) % 10)


def id_card(r, first):
    body = r.choice(first) + some(r, "CFGHJKLMNPRTVWXYZ0123456789", 7) + digits(r, 1)
    return body + str(sum((int(c) if c.isdigit() else ord(c) - 55) * (7, 3, 1)[i % 3] for i, c in enumerate(body)) % 10)


def lanr(r):
    body = digits(r, 6)
    return body + str(-weighted(body, (4, 9) * 3) % 10) + f"{r.randint(1, 99):02d}"


def rrn(r, century, dashed):
    return date6(r) + ("-" if dashed else "") + r.choice(century) + digits(r, 6)


def brn(r):
    body = digits(r, 9)
    return varied(r, body + str(-(weighted(body, (1, 3, 7, 1, 3, 7, 1, 3, 5)) + int(body[8]) * 5 // 10) % 10), (3, 2), ["", "-"])


def thai(r):
    body = r.choice("12345678") + digits(r, 11)
    return varied(r, body + str((11 - weighted(body, range(13, 1, -1)) % 11) % 10), (1, 4, 5, 2), ["", "-"])


def turkish(r):
    body = r.choice("123456789") + digits(r, 8)
    odd, even = sum(int(c) for c in body[::2]), sum(int(c) for c in body[1::2])
    tenth = (odd * 7 - even) % 10
    return body + str(tenth) + str((odd + even + tenth) % 10)


def south_african(r):
    return luhn(date6(r) + digits(r, 4) + r.choice("01") + "8")


def sin(r):
    return varied(r, luhn(r.choice("1234567") + digits(r, 7)), (3, 3), ["", " ", "-"])


def vin(r):
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789")))
    text = list(some(r, "ABCDEFGHJKLMNPRSTUVWXYZ0123456789", 17))
    total = sum(w * (int(c) if c.isdigit() else values[c]) for c, w in zip(text, (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2))) % 11
    text[8] = "X" if total == 10 else str(total)
    return "".join(text)


def bitcoin(r):
    body = bytes([r.choice([0, 5])]) + bytes(r.randrange(256) for _ in range(20))
    body += hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4]
    number, text = int.from_bytes(body, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[rest] + text
    return "1" * (len(body) - len(body.lstrip(b"\0"))) + text


def ipv6(r):
    groups = [f"{r.randrange(65536):x}" for _ in range(8)]
    if r.random() < 0.5:
        return ":".join(groups)
    at = r.randint(1, 5)
    return ":".join(groups[:at]) + "::" + ":".join(groups[at + 2:])


def jwt(r):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    return f'{part({"alg": "HS256", "typ": "JWT"})}.{part({"sub": digits(r, 8)})}.{some(r, ALNUM + "-_", 43)}'


def token(r):
    return r.choice([lambda: "ghp_" + some(r, ALNUM, 36), lambda: "AKIA" + some(r, LETTERS + "234567", 16), lambda: "sk_live_" + some(r, ALNUM, 24),
                     lambda: f"xoxb-{digits(r, 12)}-{digits(r, 13)}-{some(r, ALNUM, 24)}", lambda: "AIza" + some(r, ALNUM + "-_", 35), lambda: "glpat-" + some(r, ALNUM, 20),
                     lambda: "npm_" + some(r, ALNUM, 36), lambda: "sk-ant-api03-" + some(r, ALNUM + "-_", 60), lambda: "hf_" + some(r, LETTERS + LETTERS.lower(), 34),
                     lambda: f"SG.{some(r, ALNUM, 22)}.{some(r, ALNUM, 43)}", lambda: "dop_v1_" + some(r, "0123456789abcdef", 64),
                     lambda: "shpat_" + some(r, "0123456789abcdef", 32)])()


def password_hash(r):
    crypt = ALNUM + "./"
    return r.choice([lambda: "$2b$12$" + some(r, crypt, 53), lambda: f"$6${some(r, ALNUM, 12)}${some(r, crypt, 86)}", lambda: f"$1${some(r, ALNUM, 8)}${some(r, crypt, 22)}",
                     lambda: f"$argon2id$v=19$m=65536,t=3,p=4${some(r, ALNUM, 16)}${some(r, ALNUM, 43)}", lambda: f"pbkdf2_sha256$260000${some(r, ALNUM, 12)}${some(r, ALNUM, 43)}=",
                     lambda: "{SSHA}" + some(r, ALNUM, 32), lambda: f"SCRAM-SHA-256$4096:{some(r, ALNUM, 22)}==${some(r, ALNUM, 43)}=:{some(r, ALNUM, 43)}=",
                     lambda: f"$y$j9T${some(r, crypt, 22)}${some(r, crypt, 43)}"])()


CLASSES = {
    "CREDIT_CARD": (card, ["card_number", "credit_card", "cc_num"], True),
    "IBAN_CODE": (iban, ["iban", "supplier_iban"], True),
    "EMAIL_ADDRESS": (email, ["email", "contact_email"], True),
    "US_SSN": (ssn, ["ssn", "social_security_number"], True),
    "US_ITIN": (itin, ["itin"], True),
    "PHONE_NUMBER": (phone, ["phone", "mobile_phone"], True),
    "PHONE_NUMBER national": (national_phone, ["phone_number", "telephone"], False),
    "US_MBI": (lambda r: mbi(r, True), ["mbi"], True),
    "US_MBI undashed": (lambda r: mbi(r, False), ["mbi", "us_mbi"], False),
    "US_NPI": (npi, ["npi", "npi_number"], False),
    "ABA_ROUTING_NUMBER": (aba, ["routing_number", "aba"], False),
    "MEDICAL_LICENSE": (dea, ["dea_number", "medical_license"], False),
    "US_PASSPORT": (lambda r: r.choice([digits(r, 9), r.choice(LETTERS) + digits(r, 8)]), ["us_passport"], False),
    "US_DRIVER_LICENSE": (lambda r: r.choice([r.choice(LETTERS) + digits(r, 7), digits(r, 9), r.choice(LETTERS) + digits(r, 12), digits(r, 8)]), ["us_driver_license"], False),
    "US_BANK_NUMBER": (lambda r: digits(r, r.randint(8, 17)), ["bank_account_number", "us_bank_number"], False),
    "UK_NHS": (nhs, ["nhs_number", "uk_nhs"], False),
    "UK_NINO": (lambda r: nino(r, True), ["national_insurance_number", "nino"], True),
    "UK_NINO unspaced": (lambda r: nino(r, False), ["nino", "uk_nino"], False),
    "UK_PASSPORT": (lambda r: some(r, LETTERS, 2) + digits(r, 7), ["uk_passport"], False),
    "UK_POSTCODE": (postcode, ["uk_postcode", "postcode"], False),
    "UK_DRIVING_LICENCE": (driving_licence, ["driving_licence"], True),
    "UK_VEHICLE_REGISTRATION": (lambda r: some(r, "ABCDEFGH", 2) + f"{r.randint(51, 74)}" + r.choice([" ", ""]) + some(r, "ABCDEFGHJ", 3), ["uk_vehicle_registration"], False),
    "AU_ABN": (abn, ["abn"], False), "AU_ACN": (acn, ["acn"], False), "AU_TFN": (tfn, ["tfn"], False), "AU_MEDICARE": (medicare, ["au_medicare"], False),
    "CA_SIN": (sin, ["sin", "social_insurance_number"], False),
    "IN_AADHAAR": (aadhaar, ["aadhaar"], False), "IN_PAN": (pan, ["pan_number", "in_pan"], False), "IN_GSTIN": (gstin, ["gstin"], True),
    "IN_PASSPORT": (lambda r: r.choice("ABCDEFGHJKLMNP") + r.choice("123456789") + digits(r, 5) + r.choice("123456789"), ["in_passport"], False),
    "IN_VOTER": (lambda r: some(r, LETTERS, 3) + digits(r, 7), ["voter_id"], False),
    "IN_VEHICLE_REGISTRATION": (lambda r: r.choice(["KA", "MH", "DL", "TN"]) + f"{r.randint(1, 60):02d}" + some(r, LETTERS, 2) + digits(r, 4), ["in_vehicle_registration"], False),
    "SG_NRIC_FIN": (nric, ["nric", "fin"], False), "SG_UEN": (uen, ["uen"], False),
    "ES_NIF": (nif, ["nif", "dni"], False), "ES_NIE": (nie, ["nie"], False), "ES_PASSPORT": (lambda r: some(r, LETTERS, 3) + digits(r, 6), ["es_passport"], False),
    "IT_FISCAL_CODE": (fiscal_code, ["codice_fiscale"], True), "IT_VAT_CODE": (lambda r: luhn(digits(r, 10)), ["partita_iva", "it_vat_code"], False),
    "IT_DRIVER_LICENSE": (lambda r: some(r, LETTERS, 2) + digits(r, 7) + r.choice(LETTERS), ["patente"], False),
    "IT_PASSPORT": (lambda r: some(r, LETTERS, 2) + digits(r, 7), ["passaporto"], False),
    "IT_IDENTITY_CARD": (lambda r: some(r, LETTERS, 2) + digits(r, 5) + some(r, LETTERS, 2), ["carta_identita"], False),
    "PL_PESEL": (pesel, ["pesel"], False), "FI_PERSONAL_IDENTITY_CODE": (hetu, ["hetu"], True),
    "SE_PERSONNUMMER": (personnummer, ["personnummer"], False), "SE_ORGANISATIONSNUMMER": (organisation, ["orgnr", "organisationsnummer"], False),
    "DE_TAX_ID": (lambda r: iso7064(r.choice("123456789") + digits(r, 9)), ["steuer_id", "de_tax_id"], False),
    "DE_VAT_ID": (lambda r: "DE" + iso7064(r.choice("123456789") + digits(r, 7)), ["ust_id", "vat_id"], False),
    "DE_SOCIAL_SECURITY": (pension, ["sozialversicherungsnummer"], False), "DE_HEALTH_INSURANCE": (health, ["krankenversichertennummer"], False),
    "DE_ID_CARD": (lambda r: id_card(r, "LMNPRTVWXY"), ["personalausweis"], False), "DE_PASSPORT": (lambda r: id_card(r, "CFGHJK"), ["reisepass"], False),
    "DE_LANR": (lanr, ["lanr"], False), "DE_TAX_NUMBER": (lambda r: f"{r.randint(10, 299)}/{digits(r, 3)}/{digits(r, 5)}", ["steuernummer"], False),
    "DE_HANDELSREGISTER": (lambda r: f"HR{r.choice('AB')} {r.randint(1, 999999)}", ["handelsregister"], False),
    "DE_KFZ": (lambda r: f"{some(r, LETTERS, r.randint(1, 3))}-{some(r, LETTERS, r.randint(1, 2))} {r.randint(1, 9999)}", ["kfz_kennzeichen"], False),
    "DE_PLZ": (lambda r: f"{r.randint(1001, 99998):05d}", ["plz"], False),
    "KR_RRN": (lambda r: rrn(r, "1234", True), ["rrn"], True), "KR_RRN undashed": (lambda r: rrn(r, "1234", False), ["resident_registration_number"], False),
    "KR_FRN": (lambda r: rrn(r, "5678", True), ["frn"], True), "KR_BRN": (brn, ["brn"], False),
    "KR_DRIVER_LICENSE": (lambda r: f"{r.randint(11, 28)}-{digits(r, 2)}-{digits(r, 6)}-{digits(r, 2)}", ["kr_driver_license"], False),
    "KR_PASSPORT": (lambda r: r.choice("MSRODG") + r.choice([digits(r, 8), digits(r, 3) + r.choice(LETTERS) + digits(r, 4)]), ["kr_passport"], False),
    "TH_TNIN": (thai, ["thai_id", "th_tnin"], False), "TR_NATIONAL_ID": (turkish, ["tckn", "tc_kimlik"], False),
    "TR_LICENSE_PLATE": (lambda r: f"{r.randint(1, 81):02d} {some(r, LETTERS, r.randint(1, 3))} {digits(r, 3)}", ["plaka"], False),
    "ZA_ID_NUMBER": (south_african, ["sa_id", "za_id_number"], False), "NG_NIN": (lambda r: verhoeff(r.choice("123456789") + digits(r, 9)), ["nin"], False),
    "NG_VEHICLE_REGISTRATION": (lambda r: f"{some(r, LETTERS, 3)}-{digits(r, 3)}{some(r, LETTERS, 2)}", ["ng_vehicle_registration"], False),
    "PH_TIN": (lambda r: f"{digits(r, 3)}-{digits(r, 3)}-{digits(r, 3)}-000", ["tin"], False),
    "IP_ADDRESS": (lambda r: ".".join(str(r.randint(1, 254)) for _ in range(4)), ["ip_address", "client_ip"], False),
    "IP_ADDRESS v6": (ipv6, ["ip", "remote_ip"], False),
    "MAC_ADDRESS": (lambda r: r.choice(":-").join(["02"] + [f"{r.randrange(256):02x}" for _ in range(5)]), ["mac_address", "mac"], False),
    "CRYPTO": (bitcoin, ["wallet_address", "btc_address"], True),
    "URL": (lambda r: f"https://{some(r, 'abcdef', 8)}.{r.choice(['com', 'org', 'de', 'io'])}/{some(r, 'abc', 5)}", ["website", "url"], False),
    "IMEI": (lambda r: luhn("35" + digits(r, 12)), ["imei"], False), "VIN": (vin, ["vin", "vehicle_identification_number"], False),
    "SWIFT_CODE": (lambda r: some(r, LETTERS, 4) + r.choice(["DE", "US", "GB", "FR"]) + some(r, LETTERS, 2) + r.choice(["", "XXX"]), ["swift_code", "bic"], False),
    "JWT": (jwt, ["note"], True), "API_KEY": (token, ["note"], True), "PASSWORD_HASH": (password_hash, ["note"], True),
    "PASSWORD": (lambda r: f"postgres://app:{some(r, ALNUM, 12)}@db.example.com/shop", ["note"], True),
    "PRIVATE_KEY": (lambda r: "-----BEGIN RSA PRIVATE KEY-----\n" + some(r, ALNUM, 64) + "\n-----END RSA PRIVATE KEY-----", ["note"], True),
    "DATE_OF_BIRTH": (lambda r: f"{r.randint(1940, 2010)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}", ["date_of_birth", "dob"], False),
}

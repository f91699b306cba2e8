"""Just enough reading of C++ for the style suite: functions with their lengths, switches with a default.

Works on text with comments, strings and character literals blanked out; knows no grammar beyond braces.
"""
import dataclasses
import re


@dataclasses.dataclass
class Function:
    name: str
    line: int
    length: int
    weight: int         # length without the lines of flat switches (`case` lines)


literal = re.compile(r'R"([^(\s]*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)


def blanked(text):
    return literal.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def matching(text, start):
    depth = 0
    for at in range(start, len(text)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
    return len(text) - 1


# `name(...) const noexcept -> T {` or a constructor with its list; not a lambda, not a type.
head = re.compile(r"([A-Za-z_~][\w:~]*|operator\s*\S+?)\s*\([^;{}]*\)\s*(?:const|noexcept|override|final|mutable|&&?|->[^;{}]*|\s|:[^;{}]*(?:\{[^{}]*\}[^;{}]*)*)*$")


def functions(source):
    text = blanked(re.sub(r"^\s*#.*?$", lambda m: " " * len(m[0]), source, flags=re.M))
    found, at = [], 0
    while True:
        at = text.find("{", at)
        if at < 0:
            return found
        before = text[max(text.rfind(c, 0, at) for c in ";}{") + 1:at]
        is_scope = re.search(r"\b(namespace|class|struct|enum|union|extern)\b", before) and not before.rstrip().endswith(")")
        named = None if is_scope else head.search(before)
        if named and named[1] not in ("if", "for", "while", "switch", "catch", "return") and "=" not in before.split("(")[0]:
            end = matching(text, at)
            body = text[at:end]
            first = text.count("\n", 0, at) + 1
            length = body.count("\n") + 1
            cases = sum(1 for row in body.split("\n") if re.match(r"\s*case\b", row))
            found.append(Function(named[1], first, length, length - cases))
            at = end + 1
        elif is_scope or not before.strip():
            at += 1
        else:
            at = matching(text, at) + 1      # initialiser, lambda at namespace scope


def enum_switches_with_default(source):
    text = blanked(source)
    for found in re.finditer(r"\bswitch\s*\(", text):
        opening = text.find("{", found.end())
        if opening < 0:
            continue
        body = text[opening + 1:matching(text, opening)]
        flat = drop_inner_switches(body)
        default = re.search(r"\bdefault\s*:", flat)
        if default and re.search(r"\bcase\s+[\w:]*[A-Za-z_]\w*::\w+\s*:", flat):
            yield text.count("\n", 0, found.start()) + 1


def drop_inner_switches(body):
    while True:
        inner = re.search(r"\bswitch\s*\(", body)
        if not inner:
            return body
        opening = body.find("{", inner.end())
        if opening < 0:
            return body
        body = body[:inner.start()] + body[matching(body, opening) + 1:]

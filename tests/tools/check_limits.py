#!/usr/bin/python3
"""Whether docs/limits.md says what the code does; one line a finding, exit 1 when there is one."""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
UNITS = {"": 1, "bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "s": 1, "ms": 1}
ROW = re.compile(r"^\|([^|]*)\| *([\d,]+) ?(\w*) *\| `([^`]+)` `(\w+)` *\|", re.M)
DEFINED = r"(?:#define {0}|\b{0} =)\s+([^,;}}\n]+)"
RAISED = re.compile(r"\b(?:err_set\([^;]*?ERR_LIMIT|snprintf\(w->verdict)[^;]*;")
SOURCES = ("common", "worker", "scheduler", "cli", "migrations", "api")


def value_of(text):
    """Of a C constant: a product or shift of numbers, with suffixes, casts and comments."""
    text = re.sub(r"/\*.*", "", text)
    text = re.sub(r"\(size_t\)|\bINT64_C", "", text)
    text = re.sub(r"(\d)[uUlL]+\b", r"\1", text)
    if not re.fullmatch(r"[\d\s()*<+]+", text):
        return None
    return eval(text, {"__builtins__": {}})  # digits and operators only


def main():
    page, findings, named = (TOP / "docs/limits.md").read_text(encoding="utf-8"), [], set()
    rows = ROW.findall(page)
    if len(rows) < 40:
        findings.append(f"docs/limits.md: only {len(rows)} rows can be read")
    if len(re.findall(r"\| `\S+\.[ch]` `\w+` \|", page)) != len(rows):
        findings.append("docs/limits.md: a row that names a constant has no limit that can be read")
    for _, number, unit, path, name in rows:
        named.add(name)
        found = re.search(DEFINED.format(name), (TOP / path).read_text(encoding="utf-8")) if (TOP / path).exists() else None
        wanted = int(number.replace(",", "")) * UNITS.get(unit, 1)
        if found is None:
            findings.append(f"docs/limits.md: {path} has no {name}")
        elif value_of(found[1]) != wanted:
            findings.append(f"docs/limits.md: {name} is {found[1].strip()} in {path}, not {number} {unit}".rstrip())
    for folder in SOURCES:
        for path in sorted((TOP / folder).rglob("*.c")):
            for raised in RAISED.findall(path.read_text(encoding="utf-8")):
                for name in re.findall(r"\b[A-Z][A-Z_]+_MAX\b|\bROWS_MAX\b", raised):
                    if name not in named:
                        findings.append(f"{path.relative_to(TOP)}: {name} ends in an error, and docs/limits.md lacks it")
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

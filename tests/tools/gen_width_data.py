#!/usr/bin/env python3
"""gen_width_data.py [UNICODE_DIR] > core/text/width_data.h
Range tables from the Unicode character database (Debian: unicode-data) for what utf8proc does not
tell: East Asian width classes, emoji with a text form, and the consonants and linkers of GB9c."""
import re, sys
D = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/unicode"
def props(name):
    for line in open(D + "/" + name, encoding="utf-8"):
        f = [x.strip() for x in line.split("#")[0].split(";")]
        if len(f) >= 2 and f[0]:
            a, _, b = f[0].partition("..")
            yield int(a, 16), int(b or a, 16), f[1]
def ranges(cps):
    out = []
    for c in sorted(cps):
        if out and out[-1][1] == c - 1: out[-1][1] = c
        else: out.append([c, c])
    return out
def emit(name, why, cps):
    print("/* %s */\nstatic const struct range %s[] = {" % (why, name))
    line = "\t"
    for a, b in ranges(cps):
        item = "{0x%x, 0x%x}, " % (a, b)
        if len(line) + len(item) > 92: print(line.rstrip()); line = "\t"
        line += item
    print(line.rstrip() + "\n};")
ev = lambda name, want: {c for a, b, v in props(name) if v in want for c in range(a, b + 1)}
wide = ev("EastAsianWidth.txt", "WF")
for a, b in ((0x3400, 0x4dbf), (0x4e00, 0x9fff), (0xf900, 0xfaff), (0x20000, 0x2fffd), (0x30000, 0x3fffd)):
    wide |= set(range(a, b + 1))
bases = {int(m.group(1), 16) for m in re.finditer(r"^([0-9A-F]+) FE0F", open(D + "/emoji/emoji-variation-sequences.txt").read(), re.M)}
scripts = ("Devanagari", "Bengali", "Gujarati", "Oriya", "Telugu", "Malayalam")
member = ev("Scripts.txt", scripts)
print("/* Made by tests/tools/gen_width_data.py from Unicode's data files; do not edit. */")
emit("wide_ranges", "East Asian Wide and Fullwidth, with the planes reserved for ideographs", wide)
emit("ambiguous_ranges", "East Asian Ambiguous", ev("EastAsianWidth.txt", "A"))
emit("emoji_base_ranges", "a variation selector chooses between text and emoji", bases)
emit("consonant_ranges", "consonants of the scripts whose conjuncts are one cluster", member & ev("IndicSyllabicCategory.txt", ("Consonant",)))
emit("linker_ranges", "the viramas that link them", member & ev("IndicSyllabicCategory.txt", ("Virama",)))

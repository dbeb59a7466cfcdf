#!/usr/bin/env python3
"""Write a large channel list or programme guide, the same for the same seed, for benchmarks and tests.

scripts/generate-lists.py m3u [--channels N] [--seed S]                 > list.m3u
scripts/generate-lists.py xmltv [--channels N] [--programmes N] [--seed S] > guide.xml

A channel has about 250 bytes, a programme about 500. One link in four is AceStream, in several forms; one channel in ten is
there again under another name. The guide is of the same channels: those of one seed belong together.
"""

import argparse
import datetime
import random
import sys
from xml.sax.saxutils import escape, quoteattr

COUNTRIES = ["ES", "UK", "DE", "FR", "IT", "PT", "PL", "US"]
GROUPS = ["Sports", "News", "Movies", "Kids", "Music", "Documentary", "General, all", "Fútbol", "Regional"]
WORDS = ["Canal", "Sport", "Uno", "Nova", "Prime", "Ciné", "Liga", "Action", "Star", "Planet", "Music", "Kanał", "Télé", "Gold"]
QUALITIES = ["", " HD", " FHD", " 4K", " [1080p]", " HEVC", " (SD)"]
TEXT = ("The two sides meet again after last season's final, with places in the next round at stake. El partido de la "
        "jornada, en directo y con los comentarios de siempre. Die Höhepunkte & alle Tore").split()


def channels(count, seed):
    """The channels: number, name, ID in the guide."""
    dice = random.Random(seed)
    for number in range(1, count + 1):
        name = f"{dice.choice(WORDS)} {dice.choice(WORDS)} {number}"
        yield number, name, f"{name.replace(' ', '')}.{dice.choice(COUNTRIES).lower()}"


def link(dice, number, known):
    """A link; the IDs of AceStream are repeated now and then."""
    kind = dice.randrange(16)
    if kind > 3:
        return f"http://tv{number % 97}.example.com:8080/live/user{number % 13}/{dice.getrandbits(48):012x}/{number}.ts"
    if known and dice.randrange(5) == 0:
        content = dice.choice(known)
    else:
        content = f"{dice.getrandbits(160):040x}"
        known.append(content)
    return ["acestream://{}", "http://127.0.0.1:6878/ace/getstream?id={}", "acestream:?infohash={}",
            "magnet:?xt=urn:btih:{}&dn=Channel"][kind].format(content)


def write_m3u(out, count, seed):
    """A list of `count` channels."""
    dice, known = random.Random(seed + 1), []
    out.write('#EXTM3U url-tvg="http://guide.example.com/guide.xml.gz"\n')
    for number, name, ident in channels(count, seed):
        mark = dice.choice(COUNTRIES)
        shown = f"{mark}: {name}{dice.choice(QUALITIES)}" + (" BACKUP" if dice.randrange(10) == 0 else "")
        catchup = ' catchup="shift" catchup-days="7"' if dice.randrange(8) == 0 else ""
        out.write(f'#EXTINF:-1 tvg-id="{ident}" tvg-name="{name}" tvg-chno="{number}" '
                  f'tvg-logo="https://logos.example.com/channels/{ident}.png" group-title="{dice.choice(GROUPS)}"'
                  f'{catchup},{shown}\n')
        if dice.randrange(20) == 0:
            out.write("#EXTVLCOPT:http-user-agent=Mozilla/5.0 (X11; Linux x86_64)\n")
        out.write(link(dice, number, known) + "\n")


def text(dice, words):
    """So many words."""
    start = dice.randrange(len(TEXT))
    return " ".join(TEXT[(start + n) % len(TEXT)] for n in range(words))


def write_xmltv(out, count, programmes, seed):
    """A guide of `count` channels with `programmes` in all."""
    dice = random.Random(seed + 2)
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n<tv generator-info-name="generated">\n')
    idents = []
    for _, name, ident in channels(count, seed):
        idents.append(ident)
        out.write(f'  <channel id={quoteattr(ident)}>\n    <display-name lang="es">{escape(name)}</display-name>\n'
                  f'    <icon src="https://logos.example.com/channels/{ident}.png"/>\n  </channel>\n')
    begin = datetime.datetime(2026, 11, 27)
    for number in range(programmes):
        ident = idents[number * count // max(programmes, 1)]
        start = begin + datetime.timedelta(minutes=45 * (number % max(programmes // count, 1)))
        stop = start + datetime.timedelta(minutes=45)
        out.write(f'  <programme start="{start:%Y%m%d%H%M%S} +0100" stop="{stop:%Y%m%d%H%M%S} +0100" channel={quoteattr(ident)}>\n'
                  f'    <title lang="es">{escape(text(dice, 4))} {number}</title>\n'
                  f'    <desc lang="es">{escape(text(dice, dice.randrange(10, 40)))}</desc>\n'
                  f'    <category lang="en">{dice.choice(GROUPS)}</category>\n'
                  f'    <episode-num system="xmltv_ns">{number % 9}.{number % 20}.</episode-num>\n'
                  f'    <icon src="https://pictures.example.com/{number}.jpg"/>\n  </programme>\n')
    out.write("</tv>\n")


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["m3u", "xmltv"])
    parser.add_argument("--channels", type=int, default=1000)
    parser.add_argument("--programmes", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    out = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="\n")
    if given.kind == "m3u":
        write_m3u(out, given.channels, given.seed)
    else:
        write_xmltv(out, given.channels, given.programmes, given.seed)
    out.flush()


if __name__ == "__main__":
    main()

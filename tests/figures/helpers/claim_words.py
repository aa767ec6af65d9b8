"""Which words of a caption claim something: numbers and comparatives."""

import re

NUMBERS = (
    r"\d(?:[\d,.]*\d)?%?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twice|half|quarters?|hundreds?"
)
# Comparatives and superlatives by their endings, so that a new one is found too ...
ENDINGS = r"[a-z]{3,}(?:er|est)"
# ... but for words that end so and compare nothing,
NOT_COMPARATIVES = """
    after another answer center chapter cluster computer consider corner counter cover either enter ever filter
    former further gather gender order other parameter number under over rather remember render together whether
    however later earlier latter matter letter paper power proper river outer inner upper per user whatever
    whichever wherever transfer water reader teacher offer suffer integer interest test rest request manner member
    owner sampler newcomer eager master scatter differ flatter
""".split()  # noqa: SIM905 (a list of so many words in quotes is hard to read)
# ... and those that have no such ending.
WORDS = (
    "more|less|fewer|most|least|no|none|never|nothing|nobody|neither|better|best|worse|worst|much|hardly|nearly|almost"
    "|far|same|equal|too|only|alike|always"
)
_WORD = re.compile(rf"(?<![\w`.-])(?:{WORDS}|{ENDINGS}|{NUMBERS})(?![\w`-])", re.IGNORECASE)
# Code, and turns of phrase that compare nothing.
_APART = re.compile(r"`[^`]*`|\b(?:so|as|how) (?:far|much)\b|\bmore and more\b", re.IGNORECASE)


def claiming(text):
    """[(start, end)] of the words of `text` that claim something, outside `code` and turns of phrase."""
    apart = [match.span() for match in _APART.finditer(text)]
    return [
        match.span()
        for match in _WORD.finditer(text)
        if match.group().lower() not in NOT_COMPARATIVES and not any(a <= match.start() < b for a, b in apart)
    ]


def unclaimed(text, phrases):
    """The claiming words of `text`, each with what is around it, that none of `phrases` contains."""
    held = [(found.start(), found.end()) for phrase in phrases for found in re.finditer(re.escape(phrase), text)]
    lacking = [span for span in claiming(text) if not any(a <= span[0] and span[1] <= b for a, b in held)]
    return [f"{text[a:b]!r} in {text[max(0, a - 40) : b + 30]!r}" for a, b in lacking]

"""The address that somebody who has made a typing error probably meant. Pure."""

from __future__ import annotations

PROVIDERS = frozenset({
    "gmail.com", "googlemail.com", "hotmail.com", "hotmail.fr", "hotmail.be", "outlook.com",
    "outlook.fr", "live.com", "live.fr", "msn.com", "yahoo.com", "yahoo.fr", "ymail.com",
    "icloud.com", "me.com", "mac.com", "aol.com", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr",
    "neuf.fr", "laposte.net", "bbox.fr", "numericable.fr", "club-internet.fr", "aliceadsl.fr",
    "cegetel.net", "gmx.com", "gmx.fr", "gmx.de", "gmx.net", "web.de", "t-online.de", "freenet.de",
    "proton.me", "protonmail.com", "posteo.de", "bluewin.ch", "skynet.be", "telenet.be",
    "videotron.ca", "sympatico.ca", "libero.it", "virgilio.it", "btinternet.com", "comcast.net",
    "verizon.net", "fastmail.com", "zoho.com",
})  # fmt: skip
# One character away from a known provider, and known to be a provider of its own.
_OTHERS = frozenset({
    "mail.com", "email.com", "gmx.at", "gmx.ch", "live.be", "live.ca", "live.nl", "live.it",
    "hotmail.de", "hotmail.es", "hotmail.it", "yahoo.ca", "yahoo.de", "yahoo.es",
})  # fmt: skip
# Two characters or more away from what was meant, and common all the same.
_MEANT = {
    "gmail.fr": "gmail.com",
    "icloud.fr": "icloud.com",
    "laposte.fr": "laposte.net",
    "laposte.com": "laposte.net",
}
_ENDINGS = {
    **dict.fromkeys(
        ("con", "cmo", "ocm", "comm", "coml", "cim", "cpm", "vom", "xom", "clm", "copm"), "com"
    ),
    **dict.fromkeys(("frr", "ffr", "ft", "rf"), "fr"),
    **dict.fromkeys(("nte", "ner", "netl"), "net"),
}
# letters before the last dot, from which on one wrong sign is more likely than another provider
_SHORTEST = 5


def likely_address(address: str) -> str:
    """The address that was probably meant by a normalised one (gmial.com, hotmail.con, orange.f),
    "" where it is probably right. The person is asked, nothing is corrected: such a domain may
    exist.
    """
    local, _, domain = address.rpartition("@")
    meant = _meant(domain)
    return f"{local}@{meant}" if meant else ""


def _meant(domain: str) -> str:
    if domain in PROVIDERS or domain in _OTHERS:
        return ""
    if domain in _MEANT:
        return _MEANT[domain]
    name, _, ending = domain.rpartition(".")
    mended = f"{name}.{_ENDINGS[ending]}" if ending in _ENDINGS else domain
    if mended in PROVIDERS:
        return mended
    cut = next((known for known in sorted(PROVIDERS) if known[:-1] == mended), "")
    if cut:
        return cut
    near = [
        known
        for known in sorted(PROVIDERS)
        if len(known.partition(".")[0]) >= _SHORTEST and _is_one_slip(mended, known)
    ]
    if near:
        return near[0]
    return mended if mended != domain and _ENDINGS[ending] == "com" else ""


def _is_one_slip(written: str, meant: str) -> bool:
    """Whether `written` has one character too many, too few, a wrong one, or two swapped."""
    if abs(len(written) - len(meant)) > 1:
        return False
    start = next(
        (n for n, (a, b) in enumerate(zip(written, meant, strict=False)) if a != b),
        min(len(written), len(meant)),
    )
    one, other = written[start:], meant[start:]
    swapped = one[:2] == other[1::-1] and len(one) > 1 and one[2:] == other[2:]
    return one[1:] == other[1:] or one[1:] == other or one == other[1:] or swapped

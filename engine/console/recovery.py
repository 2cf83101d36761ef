"""The door to argon2: recovery codes, for whoever has lost their passkeys. Ten are given at once,
shown once and used once each; guesses are slowed down, and answered alike whether or not anybody
has the name (G14, G15).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from engine.desk.console import ConsoleDesk
from engine.desk.desk import Desk
from engine.vault.accounts import Accounts, StoredAccount
from engine.web.request import neighbourhood

CODES = 10
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without the letters and digits that are taken for others."""
MARK, SECRET = 4, 12
SHOWN_SECONDS = 5 * 60
QUARTER, HOUR = 900, 3600
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""argon2id with 19 MiB, as OWASP has it at the least."""


@cache
def of_nobody() -> str:
    """What is compared where there is no such code, so that it takes as long."""
    return HASHER.hash(secrets.token_hex(16))


class TooManyAttempts(Exception):
    """Nothing was compared: there is room again in a quarter of an hour."""


class RecoveryCodes:
    def __init__(self, accounts: Accounts, console: ConsoleDesk, desk: Desk, key: bytes) -> None:
        """`key` makes the codes, and keys the hashes under which guesses are counted."""
        self.accounts, self.console, self.desk, self.key = accounts, console, desk, key

    def renew(self, account: str) -> str:
        """New codes in place of those there were; the token under which they are shown once."""
        token = self.console.keep("codes", SHOWN_SECONDS, account)
        hashes = {code[:MARK]: HASHER.hash(code[MARK:]) for code in self._codes(token)}
        self.accounts.replace_codes(account, hashes)
        return token

    def show(self, token: str, account: str) -> Sequence[str]:
        """The codes of this token, the first time this account asks; () afterwards."""
        kept = self.console.look("codes", token)
        if kept is None or kept.account != account or self.console.use("codes", token) is None:
            return ()
        return [
            "-".join(code[n : n + 4] for n in range(0, len(code), 4)) for code in self._codes(token)
        ]

    def redeem(self, name: str, code: str, network: str) -> StoredAccount | None:
        """Whose code this is; it opens nothing afterwards. Raises TooManyAttempts."""
        place = neighbourhood(network)
        for kind, subject, most, seconds in (
            ("both", f"{name.lower()}\0{place}", 5, QUARTER),
            ("network", place, 20, HOUR),
            ("name", name.lower(), 30, HOUR),
        ):
            if not self._may_guess(self._key(kind, subject), most, seconds):
                raise TooManyAttempts
        plain = "".join(character for character in code.upper() if character in ALPHABET)
        account = self.accounts.named(name)
        hashed = self.accounts.code(account.id, plain[:MARK]) if account is not None else ""
        try:
            HASHER.verify(hashed or of_nobody(), plain[MARK:])
        except VerifyMismatchError:
            return None
        if account is None or not hashed:
            return None
        return account if self.accounts.use_code(account.id, plain[:MARK]) else None

    def _may_guess(self, key: str, most: int, seconds: int) -> bool:
        return self.desk.attempt(key, [seconds], lambda counts: counts[0] < most)

    def _codes(self, token: str) -> Sequence[str]:
        """Made of the token and the key, so that they are kept nowhere until they are shown. No two
        have the same mark.
        """
        codes: dict[str, str] = {}
        number = 0
        while len(codes) < CODES:
            octets = hmac.digest(self.key, f"console-code/v1\0{token}\0{number}".encode(), "sha256")
            whole = int.from_bytes(octets)
            code = ""
            for _ in range(MARK + SECRET):
                whole, place = divmod(whole, len(ALPHABET))
                code += ALPHABET[place]
            codes.setdefault(code[:MARK], code)
            number += 1
        return list(codes.values())

    def _key(self, kind: str, subject: str) -> str:
        mac = hmac.digest(self.key, f"console-guess/v1\0{kind}\0{subject}".encode(), "sha256")
        return f"console-{kind}:{mac.hex()[:32]}"

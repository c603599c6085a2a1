"""Who may do what on the Redis server? One user a role, so that separation holds in the server, not in a filter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

_COMMON = "+ping +hello +auth +reset +client|setname +client|setinfo +client|id +select +time"
_READ = "+xread +xrange +xrevrange +xlen +xinfo|stream +scan"
_APPEND = "+xadd +eval +evalsha +script|load"

RULES: Final[Mapping[str, str]] = {
    "feeds": f"~cop:real ~cop:quarantine:real {_COMMON} {_READ} {_APPEND} (~cop:quarantine:real +xdel)",
    "exercise": f"~cop:exercise:* ~cop:quarantine:exercise ~cop:desk:exercise:* %R~cop:real {_COMMON} {_READ} {_APPEND}"
    " +unlink (~cop:quarantine:exercise +xdel) (~cop:desk:exercise:* +xtrim)",
    "dashboard": f"%R~cop:* {_COMMON} {_READ} +info",
    "desk": f"~cop:desk:real ~cop:desk:real:watched ~cop:desk:views %R~cop:* {_COMMON} {_READ} {_APPEND} +xtrim",
    "keeper": f"~cop:real ~cop:exercise:* {_COMMON} {_READ} {_APPEND} +xtrim",
}
"""Role → its keys and commands. `dashboard` only reads; `exercise` reads the real stream and can't write it; `feeds`
can't touch an exercise; both may let go of what is in their own quarantine, and of no event; `desk` reads all and
writes what people keep beside the real picture, as `exercise` does for an exercise; `keeper` trims, and carries forward
what still counts."""

ADMIN: Final = "admin"

_SECRET = re.compile(r"[!-~]{8,}")


def acl_file(passwords: Mapping[str, str]) -> str:
    """The server's ACL file: every role with its password's SHA-256, the default user off.

    A password for `admin` adds a user of that name who may do everything: for operators, nothing of ours uses it.

    Raises ValueError for a missing or weak password (under 8 printable characters).
    """
    lines = ["user default off"]
    roles = dict(RULES) | ({ADMIN: "~* &* +@all"} if ADMIN in passwords else {})
    for role, rules in roles.items():
        password = passwords.get(role, "")
        if not _SECRET.fullmatch(password):
            raise ValueError(f"the Redis password of role {role!r} is missing or shorter than 8 printable characters")
        lines.append(f"user {role} on #{sha256(password.encode()).hexdigest()} resetchannels -@all {rules}")
    return "\n".join(lines) + "\n"

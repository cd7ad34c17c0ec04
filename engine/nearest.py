"""What a person probably meant: the nearest valid name."""

from __future__ import annotations

from collections.abc import Iterable

# "boks" is 0.57 like "box", "bogus" half.
_CUTOFF = 0.55
# Comparing takes the square of it.
_LONGEST = 64


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the name most like `word` whatever the case, None if none is alike.

    >>> nearest("BOKS", ["box", "collar"])
    'box'
    >>> nearest("bogus", ["box", "collar"]) or nearest("--foo", ["--borrow"])
    """
    from difflib import get_close_matches

    # Dashes are in every option and make none alike.
    names = {name.lower().lstrip("-"): name for name in known}
    near = get_close_matches(word[:_LONGEST].lower().lstrip("-"), names, n=1, cutoff=_CUTOFF)
    return names[near[0]] if near else None


def hint(word: str, known: Iterable[str], *, listed: int = 16) -> str:
    """Return "did you mean 'box'?" for a near miss, else the first `listed` names that are valid.

    >>> hint("boks", ["box", "collar"])
    "did you mean 'box'?"
    >>> hint("zzz", ["box", "collar"])
    'valid: box, collar'
    >>> hint("zzz", [])
    'there is none'
    """
    names = list(known)
    near = nearest(word, names)
    if near is not None:
        return f"did you mean {near!r}?"
    if not names:
        return "there is none"
    more = f", ... ({len(names)} in all)" if len(names) > listed else ""
    return "valid: " + ", ".join(names[:listed]) + more

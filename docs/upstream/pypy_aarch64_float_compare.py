"""Our change to PyPy's sources: keep the first double while the second is loaded.

    python3 docs/upstream/pypy_aarch64_float_compare.py FOLDER-OF-PYPY

In ``rpython/jit/backend/aarch64/regalloc.py`` the function `prepare_float_op` asks for its two
arguments one after the other, without saying that neither may be taken away meanwhile. Both calls
get the arguments of the operation as variables that are forbidden, as the comparisons of integers
have them. Ends with 1, and changes nothing, where those two lines are not what was expected: then
upstream has changed them, and this is to be thrown away. `git diff` shows the patch.
"""

import re
import sys
from pathlib import Path

FILE = "rpython/jit/backend/aarch64/regalloc.py"
FUNCTION = re.compile(r"^    def prepare_float_op\(.*?(?=^    \S)", re.DOTALL | re.MULTILINE)
CALL = re.compile(r"(self\.make_sure_var_in_reg\(op\.getarg\([01]\))\)")
N_CALLS = 2


def changed(source: str) -> str:
    """Return the sources with both arguments kept.

    Raises
    ------
    ValueError
        If there is not one function of that name with two such calls.
    """
    found = FUNCTION.findall(source)
    if len(found) != 1:
        raise ValueError(f"{len(found)} functions prepare_float_op, not 1")
    body, n = CALL.subn(r"\1, op.getarglist())", found[0])
    if n != N_CALLS:
        raise ValueError(f"{n} calls without forbidden variables in prepare_float_op, not 2")
    return source.replace(found[0], body)


def main() -> int:
    """Change the file."""
    path = Path(sys.argv[1]) / FILE
    try:
        path.write_text(changed(path.read_text()))
    except (OSError, ValueError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Show that PyPy runs both sides of a conditional expression that ends a function inside an `if`.

Run it with PyPy: prints what each function did with a true and a false condition; ends with 1 where
that is wrong. With ``--crash`` it compiles a function that ends the process instead.
"""

import sys

CRASH = """
def ends_the_process(up, seen):
    if seen is not None:
        up or seen.append("no")
"""


def ends(up, seen):
    """Choose at the end of a function: right."""
    seen.append("yes") if up else seen.append("no")


def inside_if(up, seen):
    """Choose at the end of an `if` that ends the function: wrong."""
    if seen is not None:
        seen.append("yes") if up else seen.append("no")


def inside_else(up, seen):
    """Choose in an `else` that ends the function: wrong."""
    if seen is None:
        pass
    else:
        seen.append("yes") if up else seen.append("no")


def inside_if_and_returns(up, seen):
    """Choose with a return behind it: right."""
    if seen is not None:
        seen.append("yes") if up else seen.append("no")
    return None


def main():
    """Call each function with both conditions."""
    print(sys.version)
    wrong = 0
    for function in (ends, inside_if, inside_else, inside_if_and_returns):
        seen = [], []
        function(True, seen[0])
        function(False, seen[1])
        right = seen == (["yes"], ["no"])
        wrong += not right
        print(f"{'right' if right else 'WRONG'}  {function.__name__}: {seen[0]} {seen[1]}")
    if "--crash" in sys.argv:
        compile(CRASH, "crash", "exec")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())

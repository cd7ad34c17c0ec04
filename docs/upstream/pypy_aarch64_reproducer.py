"""Does this PyPy compare two doubles as it is asked to? ``pypy3 pypy_aarch64_reproducer.py``

Right is 0 wrong, as on CPython, on x86-64 and with ``pypy3 --jit off``. PyPy on aarch64 with its
JIT (7.3.11, 7.3.19 and 8.0.1 were run) says 201 wrong of 3000, and ends with 1. It imports nothing
of ours.
"""

import sys


def loop(rounds, share):
    """Return how often ``i * share >= 1``, and what keeps the eight numbers alive."""
    # Eight doubles that stay alive: all of d0 to d7, which is all that the backend uses.
    a = b = c = d = e = f = g = h = 1.0
    hits = 0
    for i in range(rounds):
        a += b * 1e-9
        b += c * 1e-9
        c += d * 1e-9
        d += e * 1e-9
        e += f * 1e-9
        f += g * 1e-9
        g += h * 1e-9
        h += a * 1e-9
        if i * share >= 1.0:  # written `1.0 <= i * share` it is right
            hits += 1
    return hits, a + b + c + d + e + f + g + h


loop(5000, 2.0)  # compiled while the comparison is true
wrong = loop(3000, 1e-9)[0]  # here it is false every time
print(sys.version.splitlines()[-1], "wrong:", wrong, "of 3000")
sys.exit(wrong != 0)

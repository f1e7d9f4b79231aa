"""How fast X12 is read, as ratios to `bytes.split` on the same bytes in the same run.

`make bench-x12` runs it, `make bench-x12 LONG=1` streams 200 MB too. Only CPU time counts, and a ratio is the median of
rounds that run both sides one directly after the other, so that a busy machine skews neither.
"""

import argparse
import gc
import io
import random
import resource
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from connectors.syntax.x12 import ControlNumbers, InterchangeEnd, Profile, TransactionSet, acknowledge, read, render
from connectors.syntax.x12.grammar import find_grammar
from connectors.syntax.x12.judge import Judge

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LINES = 10
ROUNDS = 5
_COLOURS = ("blue", "green", "oak", "steel", "linen", "ivory")


def order(random_source: random.Random, number: int, *, bad: int = 0) -> str:
    """One 850 of ten lines, ST to SE; `bad` of its lines have a wrong unit."""
    r = random_source
    parts = [
        f"ST*850*{number:06}",
        f"BEG*00*SA*PO{r.randrange(10**8):08}**2026{r.randrange(1, 13):02}{r.randrange(1, 29):02}",
        "CUR*BY*USD",
        f"REF*DP*{r.randrange(1000):03}",
        f"REF*IA*{r.randrange(10**6):06}",
        f"PER*BD*BUYER {r.randrange(40)}*TE*555{r.randrange(10**7):07}",
        "FOB*CC*OR*ORIGIN",
        "ITD*01*3*2**30**31",
        f"DTM*002*2026{r.randrange(1, 13):02}{r.randrange(1, 29):02}",
        f"TD5*O*2*FDEG*M*GROUND {r.randrange(9)}",
        f"N1*ST*STORE {r.randrange(2000)}*92*{r.randrange(10**4):04}",
        f"N3*{r.randrange(1, 9999)} COMMERCE STREET",
        f"N4*DALLAS*TX*75{r.randrange(1000):03}*US",
    ]
    for line in range(1, LINES + 1):
        unit = "E" if line <= bad else "EA"
        price = f"{r.randrange(1, 400)}.{r.randrange(100):02}"
        gtin = f"{r.randrange(10**12):012}"
        parts.append(f"PO1*{line}*{r.randrange(1, 500)}*{unit}*{price}*PE*UP*{gtin}*VN*SKU-{r.randrange(10**5):05}")
        parts.append(f"PID*F****{r.choice(_COLOURS)} widget {r.randrange(10**4)}")
    parts.append(f"CTT*{LINES}")
    parts.append(f"SE*{len(parts) + 1}*{number:06}")
    return "~".join(parts) + "~"


def interchange(megabytes: float, *, bad: int = 0, seed: int = 850) -> Iterator[bytes]:
    """An interchange of one group of orders, in pieces, about so large."""
    source = random.Random(seed)
    yield (
        f"ISA*00*{'':10}*00*{'':10}*01*{'123456789':15}*ZZ*{'CROSSDOCK':15}*261121*1200*U*00401*000000001*0*T*>~"
        "GS*PO*ACME*CROSSDOCK*20261121*1200*1*X*004010~"
    ).encode()
    size, number = 0, 0
    while size < megabytes * 1e6:
        number += 1
        piece = order(source, number, bad=bad).encode()
        size += len(piece)
        yield piece
    yield f"GE*{number}*1~IEA*1*000000001~".encode()


def split_only(content: bytes) -> int:
    """The measure: segments and elements by `bytes.split`, nothing kept."""
    return sum(len(segment.split(b"*")) for segment in content.split(b"~"))


def validate(source: bytes | io.BytesIO | Iterator[bytes]) -> tuple[int, int]:
    """Read, validate and acknowledge; the sets and their faults."""
    sets = faults = 0
    for event in read(source):
        if isinstance(event, TransactionSet):
            sets += 1
            faults += len(event.findings)
        elif isinstance(event, InterchangeEnd):
            answer = acknowledge(event)
            assert answer is not None
            render(answer, at=AT, control=ControlNumbers(1, 1))
    return sets, faults


def build_trees(content: bytes) -> int:
    """Read and validate, and build every tree."""
    return sum(bool(event.root) for event in read(content) if isinstance(event, TransactionSet))


def tokenise(content: bytes) -> int:
    """Segments and elements of every set, without a grammar."""
    profile = Profile(find_judge=None)
    return sum(len(event.segments) for event in read(content, profile) if isinstance(event, TransactionSet))


def seconds(work: Callable[[], object]) -> float:
    """CPU time of one run."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def speed(base: Callable[[], object], work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """How fast `work` is as a part of `base`: the median of rounds that run one directly after the other."""
    return statistics.median(seconds(base) / seconds(work) for _ in range(rounds))


def row(what: str, measured: float, unit: str, target: str) -> None:
    print(f"{what:<46} {measured:>9.3f} {unit:<12} {target}", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--megabytes", type=float, default=10)
    arguments.add_argument("--long", action="store_true", help="stream 200 MB too: two to three minutes")
    chosen = arguments.parse_args()

    row("850 grammar loaded and compiled", first_grammar(), "s", "<= 0.15")
    if chosen.long:
        long_stream()
    content = b"".join(interchange(chosen.megabytes))
    faulty = b"".join(interchange(chosen.megabytes, bad=LINES))
    small = b"".join(interchange(0.001))
    tokens, bad_tokens = partial(split_only, content), partial(split_only, faulty)
    row("bytes.split", len(content) / 1e6 / min(seconds(tokens) for _ in range(ROUNDS)), "MB/s", "the measure, 1.0")
    row("read + validation + 997", speed(tokens, partial(validate, content)), "of split", ">= 0.15 (0.20)")
    row("the same, ten bad elements an order", speed(bad_tokens, partial(validate, faulty)), "of split", ">= 0.03")
    row("the same, with every tree built", speed(tokens, partial(build_trees, content)), "of split", "")
    row("tokenise only", speed(tokens, partial(tokenise, content)), "of split", ">= 0.30")
    row("one small file, warm", seconds(lambda: [validate(small) for _ in range(100)]) * 10, "ms", "< 2")
    row("times the speed of pyx12's validation", against_pyx12(), "times", ">= 100")


def first_grammar() -> float:
    """CPU seconds until the first document can be judged."""

    def load() -> None:
        grammar = find_grammar("004010", "850")
        assert grammar is not None
        Judge(grammar)

    return seconds(load)


def against_pyx12() -> float:
    """pyx12 on the same bytes, by the map made of our grammar; half a megabyte is enough to see."""
    from connectors.syntax.x12.referee import judge

    content = b"".join(interchange(0.5))
    judge(content)
    return seconds(lambda: judge(content)) / min(seconds(lambda: validate(content)) for _ in range(ROUNDS))


def long_stream() -> None:
    """200 MB from a generator against 10 MB in the same way: memory and linearity."""
    generating = {size: seconds(lambda size=size: deque(interchange(size), 0)) for size in (10, 200)}  # type: ignore[misc]
    short = min(seconds(lambda: validate(interchange(10))) for _ in range(ROUNDS)) - generating[10]
    spent = seconds(lambda: validate(interchange(200))) - generating[200]
    row("200 MB streamed, against 20 times 10 MB", spent / (20 * short), "times", "<= 1.2")
    row("peak memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB", "< 200")


if __name__ == "__main__":
    main()

"""How fast X12 is read, as ratios to `bytes.split` on the same bytes in the same run.

Run as `python -m benchmarks.x12 [--megabytes 10] [--long] [--referee]`: `--long` streams 200 MB, `--referee` times the
validation of pyx12 by the map it has of our 850.
"""

import argparse
import gc
import io
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from connectors.syntax.x12 import ControlNumbers, InterchangeEnd, Profile, TransactionSet, acknowledge, read, render
from connectors.syntax.x12.grammar import find_grammar
from connectors.syntax.x12.judge import Judge

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LINES = 10
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


def seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """The best CPU time of a few rounds."""
    best = float("inf")
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def row(what: str, measured: float, unit: str, target: str) -> None:
    print(f"{what:<46} {measured:>9.3f} {unit:<12} {target}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--megabytes", type=float, default=10)
    arguments.add_argument("--long", action="store_true", help="stream 200 MB")
    arguments.add_argument("--referee", action="store_true", help="time pyx12 too")
    chosen = arguments.parse_args()

    start = time.process_time()
    grammar = find_grammar("004010", "850")
    assert grammar is not None
    Judge(grammar)
    row("850 grammar loaded and compiled", time.process_time() - start, "s", "<= 0.15")

    content = b"".join(interchange(chosen.megabytes))
    faulty = b"".join(interchange(chosen.megabytes, bad=LINES))
    small = b"".join(interchange(0.001))
    base = seconds(lambda: split_only(content))
    row("bytes.split", len(content) / 1e6 / base, "MB/s", "the measure, 1.0")
    full = seconds(lambda: validate(content))
    row("read + validation + 997", base / full, "of split", ">= 0.15 (0.20)")
    row(
        "the same, ten bad elements an order",
        seconds(lambda: split_only(faulty)) / seconds(lambda: validate(faulty), 1),
        "of split",
        ">= 0.03",
    )
    row("the same, with every tree built", base / seconds(lambda: build_trees(content)), "of split", "")
    row("tokenise only", base / seconds(lambda: tokenise(content)), "of split", ">= 0.30")
    row("one small file, warm", seconds(lambda: [validate(small) for _ in range(100)]) * 10, "ms", "< 2")
    if chosen.referee:
        referee(full / len(content))
    if chosen.long:
        long_stream(full / len(content))


def referee(per_byte: float) -> None:
    """pyx12 on the same kind of orders, by the map made of our grammar; half a megabyte is enough to see."""
    from connectors.syntax.x12.referee import judge

    content = b"".join(interchange(0.5))
    judge(content)
    spent = seconds(lambda: judge(content), 1)
    row("times the speed of pyx12's validation", spent / len(content) / per_byte, "times", ">= 100")


def long_stream(per_byte: float) -> None:
    """200 MB from a generator: memory and linearity."""
    start = time.process_time()
    for _ in interchange(200):
        pass
    generating = time.process_time() - start
    start = time.process_time()
    validate(interchange(200))
    spent = time.process_time() - start - generating
    row("200 MB streamed, against 20 times 10 MB", spent / (200e6 * per_byte), "times", "<= 1.2")
    row("peak memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB", "< 200")


if __name__ == "__main__":
    main()

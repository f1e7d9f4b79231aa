"""Our verdicts against pyx12's, by the same grammars: on sound sets and on sets with seeded faults."""

import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from connectors.syntax.x12.events import TransactionSet
from connectors.syntax.x12.reader import read
from connectors.syntax.x12.referee import Difference, compare, judge

SAMPLES = {
    "850": """BEG*00*SA*4500012345**20261105*CT77
CUR*BY*USD
REF*DP*038
PER*BD*Ann Smith*TE*3125550100
FOB*PP
ITD*01*3*2**30**31
DTM*002*20261120
TD5**2*UPSN*U
N9*L1*NOTES
MSG*Call before delivery
N1*ST*Store 12*92*0012
N2*Dock B
N3*1 Main St
N4*Chicago*IL*60601*US
PO1*1*12*EA*9.95**UP*012345678905*VN*A-100
CTP**RTL*14.99
PID*F****Blue mug
PO4*12*1*EA
SAC*A*C310***500
SDQ*EA*92*0012*6*0013*6
PO1*2*5*CA*120**UP*012345678912
PID*F****Tea, loose
CTT*2*17""",
    "855": """BAK*00*AC*4500012345*20261105****SO991
REF*VR*7731
DTM*067*20261118
N1*SE*Acme*1*123456789
PO1*1*12*EA*9.95**UP*012345678905
PID*F****Blue mug
ACK*IA*12*EA*068*20261118
PO1*2*5*CA*120**UP*012345678912
ACK*IQ*3*CA
ACK*IB*2*CA*068*20261201
CTT*2""",
    "856": """BSN*00*SH7781*20261118*1130*0001
HL*1**S
TD1*CTN25*4****G*82*LB
TD5*B*2*UPSN*U
REF*BM*BOL7781
DTM*011*20261118
N1*ST*Store 12*92*0012
HL*2*1*O
PRF*4500012345***20261105
HL*3*2*P
MAN*GM*00000123456789012345
HL*4*3*I
LIN*1*UP*012345678905
SN1*1*12*EA
PID*F****Blue mug
CTT*4*12""",
    "810": """BIG*20261119*INV-881*20261105*4500012345***DI
REF*IA*55512
N1*RI*Acme*92*771
N3*9 Hill Rd
N4*Dayton*OH*45402
ITD*01*3*2**30**31
DTM*011*20261118
IT1*1*12*EA*9.95**UP*012345678905
PID*F****Blue mug
SAC*C*D240***1250
TXI*ST*7.16
TDS*13190
CAD*M****UPSN
SAC*A*C310***500
CTT*1*12""",
    "940": """W05*N*DO-4411*4500012345
N1*SF*Warehouse 4*92*W4
N3*2 Dock Rd
N4*Reno*NV*89502
N9*CO*CUST99
G62*10*20261118
NTE*DEL*Leave at dock
W66*PP*M***UPSN
LX*1
W01*12*EA**VN*A-100*UP*012345678905
G69*Blue mug
N9*LT*L0092
W20*12*1*LB*18*G*L
W76*12*18*LB""",
    "945": """W06*N*DO-4411*20261118*SH7781**4500012345
N1*SF*Warehouse 4*92*W4
N9*BM*BOL7781
G62*11*20261118
W27*M*UPSN*Ground*PP
LX*1
MAN*GM*00000123456789012345
W12*SH*12*12*0*EA**VN*A-100
G69*Blue mug
N9*LT*L0092
W03*12*18*LB""",
    "846": """BIA*00*DD*INV-1118*20261118*0600
REF*DP*038
N1*WH*Warehouse 4*92*W4
LIN*1*VN*A-100*UP*012345678905
PID*F****Blue mug
QTY*33*240*EA
DTM*018*20261201
QTY*29*12*EA
LIN*2*VN*B-200
QTY*33*0*EA
CTT*2""",
    "860": """BCH*04*SA*4500012345**2*20261106
REF*DP*038
N1*ST*Store 12*92*0012
POC*1*QI*15*3*EA*9.95**UP*012345678905
PID*F****Blue mug
POC*2*DI*0*5*CA
CTT*2""",
    "820": """BPR*C*1250.5*C*ACH*CTX*01*021000021*DA*778899*1234567890**01*031000503*DA*112233*20261130
TRN*1*PAY-5511
REF*ZZ*BATCH7
DTM*097*20261129
N1*PR*Buyer Inc*1*123456789
N1*PE*Acme*1*987654321
ENT*1
RMR*IV*INV-881**1300.5*1350.5*50
DTM*003*20261119
ADX*-50*01""",
    "997": """AK1*PO*17
AK2*850*0001
AK5*A
AK2*850*0002
AK3*PO1*15**8
AK4*2*330*6*X
AK5*R*5
AK9*P*2*2*1""",
}
COUNT = int(os.environ.get("REFEREE_MUTATIONS", "2"))
"""For each set and release. The long form is 200 (some minutes)."""
GROUPS = {"850": "PO", "855": "PR", "856": "SH", "810": "IN", "940": "OW", "945": "SW", "846": "IB", "860": "PC"}
GROUPS |= {"820": "RA", "997": "FA"}
RELEASES = ("004010", "005010")


def wrap(set_id: str, segments: list[str], release: str) -> bytes:
    """A whole interchange round one set."""
    interchange = {"004010": ("U", "00401"), "005010": ("^", "00501")}[release]
    head = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *261119*1200"
    lines = [f"{head}*{interchange[0]}*{interchange[1]}*000000001*0*T*:"]
    if release == "005010":
        segments = [one.replace("MSG*", "MTX**") for one in segments]
    lines += [f"GS*{GROUPS[set_id]}*SENDER*RECEIVER*20261119*1200*1*X*{release}", f"ST*{set_id}*0001", *segments]
    lines += [f"SE*{len(segments) + 2}*0001", "GE*1*1", "IEA*1*000000001", ""]
    return "~\n".join(lines)[:-1].encode()


def both(content: bytes) -> tuple[list[TransactionSet], list[Difference]]:
    ours = [event for event in read(content) if isinstance(event, TransactionSet)]
    theirs = judge(content)
    assert not theirs.refused, theirs.refused
    return ours, compare(ours, theirs)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("set_id", SAMPLES)
def test_sound_sets_are_accepted_by_both(set_id: str, release: str) -> None:
    ours, differences = both(wrap(set_id, SAMPLES[set_id].splitlines(), release))
    assert [(one.verdict, list(one.findings)) for one in ours] == [("A", [])]
    assert differences == []


def mutations(set_id: str, seed: int, count: int) -> Iterator[tuple[str, list[str]]]:
    """Seeded single faults of a sample: what was done, and the segments."""
    choose = random.Random(f"{set_id} {seed}")
    for _ in range(count):
        segments = SAMPLES[set_id].splitlines()
        at = choose.randrange(len(segments))
        elements = segments[at].split("*")
        place = choose.randrange(1, len(elements))
        kind = choose.choice([*VALUES, "drop", "twice", "swap", "strange", "foreign", "excess", "many", "shift"])
        if kind in VALUES:
            elements[place] = VALUES[kind]
            segments[at] = "*".join(elements)
        elif kind == "drop":
            del segments[at]
        elif kind == "twice":
            segments.insert(at, segments[at])
        elif kind == "many":
            segments[at:at] = [segments[at]] * 300
        elif kind == "swap":
            other = choose.randrange(len(segments))
            segments[at], segments[other] = segments[other], segments[at]
        elif kind == "strange":
            segments.insert(at, "ZZZ*1")
        elif kind == "foreign":
            segments.insert(at, "BGN*00*1*20261119")
        elif kind == "excess":
            segments[at] += "*X" * 60
        else:
            elements.insert(place, "")
            segments[at] = "*".join(elements)
        yield f"{kind} {at + 2} {place}", segments


VALUES = {
    "empty": "",
    "long": "9" * 300,
    "letters": "ABC",
    "digit": "7",
    "date": "20261341",
    "time": "2561",
    "decimal": "1.5.5",
    "code": "Q9",
    "composite": "A:B",
}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("set_id", SAMPLES)
def test_faults_are_judged_alike(set_id: str, release: str) -> None:
    unexplained = []
    for what, segments in mutations(set_id, 1, COUNT):
        content = wrap(set_id, segments, release)
        _, differences = both(content)
        unexplained += [(what, one) for one in differences if not one.reason]
    assert unexplained == []


def test_most_faults_reject() -> None:
    """The seeded faults are faults: a referee that agrees with everything would pass unseen."""
    verdicts = Counter(
        next(event.verdict for event in read(wrap(set_id, segments, "004010")) if isinstance(event, TransactionSet))
        for set_id in SAMPLES
        for _, segments in mutations(set_id, 2, 30)
    )
    assert verdicts["R"] > 2 * verdicts["A"]


def test_what_cannot_be_judged_is_said(sound: bytes) -> None:
    for content, reason in (
        (b"\n" + sound, "does not begin"),
        (sound.replace(b"00401", b"00403"), "ISA12"),
        (sound[:-1], "no terminator"),
        (sound.replace(b"Blue", b"Bl\xc3\xbc"), "ASCII"),
        (sound + sound, "one interchange"),
        (sound.replace(b"~\nSE", b"~~\nSE"), "empty segment"),
        (sound.replace(b"ST*850", b"ST*277"), "without a grammar"),
    ):
        assert reason in judge(content).refused


def test_a_difference_without_a_reason_is_shown(sound: bytes) -> None:
    ours = [event for event in read(sound.replace(b"*EA*9.95", b"*EA*9,95")) if isinstance(event, TransactionSet)]
    found = compare(ours, judge(sound))
    assert [(one.side, one.note and one.note.code, one.reason) for one in found] == [
        ("ours", "6", ""),
        ("ours", None, ""),
    ]


@pytest.fixture
def sound() -> bytes:
    return wrap("850", SAMPLES["850"].splitlines(), "004010")

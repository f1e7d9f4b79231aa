"""All trading partners: their profiles read from a directory, held against each other and against what is installed."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from canonical import Finding, has_errors
from connectors.grammar_changes import GrammarChanges, adjust
from connectors.profile import Profile
from connectors.settings import InterchangeIdentity
from connectors.syntax.x12 import find_grammar
from connectors.transport.login import login_of
from connectors.transport.settings import Inbound, Outbound
from mappings.strict_yaml import Trail, YamlFile, read_yaml
from mappings.yaml_model import validate

KnowsSet = Callable[[str, str], bool]
"""(version as in GS08, transaction set) -> whether a grammar reads it."""


@dataclass(frozen=True, slots=True)
class Partners:
    """The profiles by id and by interchange identity."""

    by_id: Mapping[str, Profile]
    by_interchange: Mapping[tuple[str, str], Profile]
    ours: InterchangeIdentity

    def sender(self, qualifier: str, identity: str) -> Profile | None:
        """The partner whose ISA05 and ISA06 these are; padding does not count."""
        return self.by_interchange.get((qualifier.strip(), identity.strip()))

    def ours_towards(self, profile: Profile) -> InterchangeIdentity:
        """How this partner addresses us."""
        return (profile.x12.ours if profile.x12 else None) or self.ours


def partners_of(profiles: Iterable[Profile], ours: InterchangeIdentity) -> Partners:
    """The registry of already checked profiles."""
    by_id = {profile.partner: profile for profile in profiles}
    by_interchange = {
        (profile.x12.theirs.qualifier, profile.x12.theirs.id): profile for profile in by_id.values() if profile.x12
    }
    return Partners(by_id, by_interchange, ours)


def load_partners(
    directory: Path,
    ours: InterchangeIdentity,
    maps: Collection[str],
    knows_set: KnowsSet,
    data: Path,
    environment: Mapping[str, str] | None = None,
) -> tuple[Partners, list[Finding]]:
    """Read every `*.yaml` of `directory`. Profiles with errors are left out; findings say file, line and the mend.

    `maps` are the names of all maps, `data` the directory that transports' directories are in, `environment` what
    secrets are looked up in: the process's own where none is given.
    """
    if not directory.is_dir():
        missing = Finding("partners-missing", "error", {"file": str(directory)}, "no such directory; create it")
        return partners_of((), ours), [missing]
    read = [_load(path) for path in sorted(directory.glob("*.yaml"))]
    findings = [finding for _, _, found in read for finding in found]
    sound = [(file, profile) for file, profile, _ in read if file and profile]
    for file, profile in sound:
        findings.extend(_references(file, profile, maps, knows_set))
        findings.extend(_directories(file, profile, data))
        findings.extend(_secrets(file, profile, os.environ if environment is None else environment))
    findings.extend(_clashes(sound))
    findings.extend(_unknown_carriers(sound))
    faulty = {str(finding.where.get("file")) for finding in findings if finding.severity == "error"}
    return partners_of((profile for file, profile in sound if file.name not in faulty), ours), findings


def _load(path: Path) -> tuple[YamlFile | None, Profile | None, list[Finding]]:
    file, findings = read_yaml(path)
    if file is None:
        return None, None, findings
    profile, findings = validate(file, Profile)
    if profile and profile.partner != path.stem:
        message = f"the file is called {path.name}, so the partner must be {path.stem!r}; rename one of them"
        findings.append(file.finding("partner-name", ("partner",), message))
    return file, profile if not has_errors(findings) else None, findings


def _references(file: YamlFile, profile: Profile, maps: Collection[str], knows_set: KnowsSet) -> Iterator[Finding]:
    """Maps and transaction sets that the profile names and nobody has."""
    version = profile.x12.version if profile.x12 else ""
    uses: list[tuple[Trail, str, str]] = [(("sends", name), name, sent.map) for name, sent in profile.sends.items()]
    uses += [(("takes", kind), taken.set, taken.map) for kind, taken in profile.takes.items()]
    for trail, name, used in uses:
        if name[:1].isdigit() and not knows_set(version, name):
            yield file.finding("unknown-set", trail, f"no grammar of {version} knows the transaction set {name!r}")
        if used not in maps:
            close = get_close_matches(used, maps, 1)
            mend = f"did you mean {close[0]!r}?" if close else "put it under mappings/ of the configuration"
            yield file.finding("unknown-map", (*trail, "map"), f"there is no map {used!r}; {mend}")
    changed: list[tuple[Trail, str, GrammarChanges]] = []
    changed += [(("sends", name), name, sent.grammar) for name, sent in profile.sends.items()]
    changed += [(("takes", kind), taken.set, taken.grammar) for kind, taken in profile.takes.items()]
    for trail, name, changes in changed:
        grammar = find_grammar(version, name)
        for misfit in adjust(grammar, changes)[1] if grammar else ():
            yield file.finding("grammar-misfit", (*trail, "grammar", *misfit.trail), misfit.message, key=True)
    if profile.takes and profile.transport.outbound is None:
        message = "they take documents, but no transport carries them; add 'transport: {outbound: {directory: ...}}'"
        yield file.finding("no-transport", ("takes",), message, key=True)


def _clashes(sound: Sequence[tuple[YamlFile, Profile]]) -> Iterator[Finding]:
    """What only one partner may have: an interchange identity, a directory we take files from."""
    identities: dict[tuple[str, str], str] = {}
    directories: dict[str, str] = {}
    for file, profile in sound:
        if profile.x12:
            theirs = profile.x12.theirs
            first = identities.setdefault((theirs.qualifier, theirs.id), profile.partner)
            if first != profile.partner:
                message = f"{theirs.qualifier}/{theirs.id} is already {first}'s; each partner needs one of its own"
                yield file.finding("duplicate-interchange", ("x12", "theirs", "id"), message)
        if source := profile.transport.source:
            first = directories.setdefault(source, profile.partner)
            if first != profile.partner:
                message = f"{source} is already {first}'s; a directory proves who sent a file, so it has one sender"
                kind = "directory" if isinstance(profile.transport.inbound, Inbound) else "remote"
                yield file.finding("duplicate-directory", ("transport", "inbound", kind), message)


def _unknown_carriers(sound: Sequence[tuple[YamlFile, Profile]]) -> Iterator[Finding]:
    """Carriers that are no partners: nobody could ever prove to be one."""
    known = {profile.partner for _, profile in sound}
    for file, profile in sound:
        for number, carrier in enumerate(profile.brought_by):
            if carrier not in known:
                message = f"no partner is called {carrier!r}; add its file, or remove it here"
                yield file.finding("unknown-partner", ("brought_by", number), message)


def _directories(file: YamlFile, profile: Profile, data: Path) -> Iterator[Finding]:
    """Directories that exist and cannot be used; absent ones are made when first needed."""
    for way, told in (("inbound", profile.transport.inbound), ("outbound", profile.transport.outbound)):
        path = data / told.directory if isinstance(told, Inbound | Outbound) else data
        if not path.exists():
            continue
        if not path.is_dir():
            mend = f"{path} is a file; move it away"
        elif not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            mend = f"{path} is closed to us; let this user read and write it"
        else:
            continue
        yield file.finding("directory-unusable", ("transport", way, "directory"), mend)


def _secrets(file: YamlFile, profile: Profile, environment: Mapping[str, str]) -> Iterator[Finding]:
    """What we log in with and is not there, or is of no use: it may still come before the hub runs."""
    if server := profile.transport.sftp:
        for name, code, message in login_of(server, environment).faults():
            yield file.finding(code, ("transport", "sftp", name), message, severity="warning")

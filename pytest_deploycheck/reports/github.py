"""What GitHub Actions shows of a run: annotations beside the lines of a pull request, and a summary of the job.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_deploycheck.refusal import reason_of
from pytest_deploycheck.reports.markdown import code, prose, sentence, table
from pytest_deploycheck.reports.run import Cause, End, Run, causes, fails
from pytest_deploycheck.reports.verdicts import verdict

# GitHub refuses a summary of more than 1 MiB for a step; what comes first is what matters.
_MOST_BYTES = 1_000_000


def workflow_commands(run: Run, root: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Workflow commands, what fails first: GitHub shows ten errors and ten warnings of a step."""
    told = causes(run.findings)
    for cause in sorted(told, key=lambda each: not fails(each.finding)):
        yield _annotation(cause, _folder(root, environ))
    for item in run.ended(End.ERROR):
        place = {"file": _folder(root, environ) + item.location.path, "line": str(item.location.line)}
        yield _command("error", f"{item.nodeid} could not be checked: {item.reason}", {**place, "title": item.check})


def _annotation(cause: Cause, folder: str) -> str:
    finding = cause.finding
    others = [f"the same at {place.location}" for place in cause.places[1:]]
    text = "\n".join([finding.message, *others, *finding.evidence, *(f"fix: {each}" for each in finding.fix)])
    properties = {
        "file": folder + finding.location.path,
        "line": str(finding.location.line),
        "col": str(finding.location.column),
        "title": f"deploycheck: {finding.check}",
    }
    return _command("error" if fails(finding) else "warning", text, properties)


def _folder(root: Path, environ: Mapping[str, str]) -> str:
    """From the root of the repository, which GitHub's paths begin at, to the folder that was checked."""
    workspace = environ.get("GITHUB_WORKSPACE")
    if not workspace or not root.is_relative_to(workspace) or root == Path(workspace):
        return ""
    return f"{root.relative_to(workspace).as_posix()}/"


def _command(name: str, text: str, properties: Mapping[str, str]) -> str:
    given = ",".join(f"{key}={_escaped(value, in_property=True)}" for key, value in properties.items())
    return f"::{name} {given}::{_escaped(text)}"


def _escaped(text: str, *, in_property: bool = False) -> str:
    """As the runner reads it: ``%`` first, since the others bring it in."""
    for character, escape in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(character, escape)
    if in_property:
        text = text.replace(":", "%3A").replace(",", "%2C")
    return text


def write_job_summary(run: Run, environ: Mapping[str, str]) -> str:
    """Add to the summary of the job.

    :returns: why that could not be done, empty where it was
    """
    path = environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return ""
    content = job_summary(run).encode()
    if len(content) > _MOST_BYTES:
        content = content[:_MOST_BYTES].decode(errors="ignore").rpartition("\n")[0].encode()
        content += b"\n\nThere is more: it is in the log of the step.\n"
    try:
        with open(path, "ab") as stream:
            stream.write(content)
    except OSError as error:
        return f"GITHUB_STEP_SUMMARY: {path} could not be written: {reason_of(error)}"
    return ""


def job_summary(run: Run) -> str:
    """Markdown: what would be installed where, what fails, and what is only advice."""
    told = causes(run.findings)
    parts = [f"## Deploy check of {prose(run.project)}", _counts(run)]
    if run.resolved:
        rows = (
            (code(each.place.source.path), code(each.place.target_name), prose(verdict(each))) for each in run.resolved
        )
        parts.append(table(("Source", "Target", "What would be installed"), rows))
    for title, wanted in (("What fails", True), ("Advice", False)):
        group = [each for each in told if fails(each.finding) is wanted]
        if group:
            parts += [f"### {title}", "\n".join(map(_entry, group))]
    errors = [f"- {code(each.nodeid)}: {sentence(each.reason)}" for each in run.ended(End.ERROR)]
    if errors:
        parts += ["### What could not be checked", "\n".join(errors)]
    return "\n\n".join(parts) + "\n"


def _counts(run: Run) -> str:
    counted = [f"{len(run.ended(end))} {end.value.replace('-', ' ')}" for end in End if run.ended(end)]
    return f"{', '.join(counted) or 'nothing was checked'}." + (
        "" if run.is_complete else " The run did not get to its end."
    )


def _entry(cause: Cause) -> str:
    finding = cause.finding
    places = ", ".join(code(str(place.location)) for place in cause.places)
    fix = "".join(f"\n  - {label}: {sentence(each)}" for label, each in _ways(finding.fix))
    evidence = "".join(f"\n  - {sentence(each.strip())}" for each in finding.evidence)
    return f"- {places}: **{sentence(finding.message)}**{evidence}{fix}"


def _ways(fix: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for number, each in enumerate(fix):
        yield ("or" if number else "fix"), each

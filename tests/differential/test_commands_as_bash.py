"""Random command lines, run by bash with programs that only note how they were called, and read by ours.

Every program succeeds, so what may also not be run is what bash left out or ran; all else it has to have run, in the
same order, in the same folders, with the same words.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_deploycheck.sources.shell.reading import read_commands
from pytest_deploycheck.sources.shell.text import text_of_file

BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None, reason="there is no bash")

EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "100"))
PROGRAMS = ("pip", "uv", "gunicorn")
FOLDERS = ("app", "app/inner", "web dir")
# In one piece, since the sides of a pipe write at the same time.
NOTING = """#!/bin/sh
note=$(printf '%s\\036' "$PWD" "${0##*/}" "$@")
printf '%s\\035' "$note" >> "$NOTES"
"""
FAILURES = (
    *(b"syntax error", b"unexpected EOF", b"No such file", b"can't cd", b"not found", b"OLDPWD not set"),
    b"directory stack empty",
)
VALUES = {"NAME": "value", "TWO": "one two", "EMPTY": ""}
SCRIPTS = {
    "build.sh": '#!/usr/bin/env bash\ncd "$(dirname "$0")"\npip script "$1" $#\nshift\npip "$@" $# end\n',
    "app/run.sh": 'cd inner\nexec gunicorn "$@"\npip never\n',
    "set.sh": 'set -- "$2" \'x y\' $1\npip "$*" $*\nshift 2\nuv $1 $#\n',
    "shift.sh": "shift || true\n",
    "env.sh": "export NAME=sourced\ncd app\n",
    "app/Makefile": ".ONESHELL:\nall:\n\t@cd inner; N=1\n\t-pip $$PWD \\\n\t  $$N\n\t@if true; then\n\tuv x\n\tfi\n",
    "one.mk": "Y = b\nifdef Z\nY = c\nall: two\nendif\nall:\n\t-pip $(Y)\ntwo:\n\t-pip $(Z)\n",
    "Makefile": "X = made\nall: needs\n\t@pip $(X) \\\n\t  more\n\tcd app && uv here\nneeds:\n\tpip needed $$NAME\n",
}

plain = st.text("abcz.=/:,+@%^-_1", min_size=1, max_size=8).filter(lambda text: text[0] not in "-=/+@%^")
words = st.one_of(
    plain,
    plain.map(lambda text: f"'{text} $NAME \"'"),
    plain.map(lambda text: f'"{text} $NAME \\" \\$x \'"'),
    plain.map(lambda text: f"{text}\\ {text}"),
    plain.map(lambda text: f"{text}'q'\"r\""),
    st.sampled_from(
        ["$NAME", "${NAME}", '"$TWO"', "$TWO", "$EMPTY", '"$EMPTY"', "x$NAME.y", "a[b]", "${NAME:-d}", "#no", "a#b"]
    ),
)
calls = st.builds(
    lambda program, arguments: " ".join((program, *arguments)), st.sampled_from(PROGRAMS), st.lists(words, max_size=3)
)
redirections = st.sampled_from(
    [
        "> log",
        ">log",
        ">> log",
        "2>&1",
        ">&2",
        "&> log",
        "< /dev/null",
        "<<< text",
        '<<< "two $NAME"',
        "2> 'a log'",
        "3>&-",
    ]
)
here_documents = st.sampled_from(
    ["<<END {}\nnot a command it's\nEND\n", "<<-'END' {}\n\tpip 'no > b\n\tEND\n", "<<A {} <<B\nA b\nA\npip\nB\n"]
)
parts = st.lists(st.one_of(words, redirections), max_size=4).map(" ".join)
redirected = st.one_of(
    st.builds("{} {}".format, st.sampled_from(PROGRAMS), parts),
    st.builds("{} {}".format, redirections, calls),
    st.builds(
        lambda program, before, document, behind: f"{program} {before} {document.format(behind)}",
        *(st.sampled_from(PROGRAMS), parts, here_documents, st.one_of(parts, st.builds("&& {}".format, calls))),
    ),
)
simple = st.one_of(
    calls,
    calls,
    redirected,
    st.sampled_from(
        [
            *(f"cd {each!r}" for each in FOLDERS),
            *(
                "cd ..",
                "cd .",
                'cd "$PWD"',
                "cd $NAME/..",
                "cd -",
                "NAME=other",
                "export TWO='3 4' NAME=new",
                "true",
                ":",
            ),
            *(
                "bash ./build.sh arg",
                "sh app/run.sh one 'two three'",
                ". ./env.sh",
                "./build.sh 'a b'",
                "bash set.sh one 'two three'",
                "set -- a 'b c'",
                "set -eu; set +eu",
                "shift || true",
                ". ./shift.sh",
                ". ./shift.sh x y",
                'pip "$@" $#',
                "bash -c 'pip \"$@\"' name one 'two three'",
                *(f"pushd {each!r}" for each in FOLDERS),
                "popd",
                "make",
                "make needs",
                "make -C app",
                "make -f one.mk all Z=3",
                "make -f one.mk all",
            ),
            *("eval 'pip evaluated $NAME'", "bash -c 'pip inline' name", "A=1 pip prefixed", "python -m pip module"),
            *(
                "pip \\\n  continued",
                "pip x > log 2>&1",
                "pip > log a b",
                "pip a>=1 b 2>&1 c",
                "pip <<END\nnot a command\nEND\n",
                "pip $(uv inner)",
                'pip > "log$(uv inner)" a <<< "$(uv read)" b',
            ),
        ]
    ),
)


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} && {}".format, inner, inner),
        st.builds("{} || {}".format, calls, inner),
        st.builds("{}\n{}".format, inner, inner),
        st.builds("({}\n)".format, inner),
        st.builds("{{ {}\n}}".format, inner),
        st.builds("if true; then\n{}\nelse\n{}\nfi".format, inner, inner),
        st.builds("for each in 1 'two 3'; do\n{}\npip \"$each\"\ndone".format, inner),
        st.builds('until test "$seen"; do\nseen=1\npip "$@"\n{}\ndone'.format, inner),
        st.builds("work() {{\n{}\npip $1\n}}\nwork 1\nwork 2".format, inner),
        st.builds("# it's a comment\n{}".format, inner),
        st.builds("{} | {}".format, calls, calls),
    )


# A function that defines itself anew would run for ever.
lines = st.recursive(simple, compound, max_leaves=6).filter(lambda line: line.count("work()") < 2)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("checkout")
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    for path, content in SCRIPTS.items():
        (root / path).write_text(content)
        (root / path).chmod(0o755)
    return root


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    for name in (*PROGRAMS, "python"):
        (folder / name).write_text(NOTING if name != "python" else '#!/bin/sh\nshift\nexec "$@"\n')
        (folder / name).chmod((folder / name).stat().st_mode | stat.S_IXUSR)
    return folder


def by_bash(line: str, checkout: Path, programs: Path, notes: Path) -> list[tuple[str, ...]] | None:
    """Each call of a program: its folder, its name, its words. None where bash itself refuses the line."""
    notes.write_text("")
    environ = {"PATH": f"{programs}:/usr/bin:/bin", "NOTES": str(notes), **VALUES}
    assert BASH is not None
    done = subprocess.run(
        [BASH, "-c", line], cwd=checkout, env=environ, capture_output=True, stdin=subprocess.DEVNULL, timeout=20
    )
    if any(each in done.stderr for each in FAILURES):
        return None
    calls = notes.read_text().split("\035")[:-1]
    return [tuple(call.split("\036")[:-1]) for call in calls]


def by_us(line: str, checkout: Path) -> list[tuple[tuple[str, ...], bool, bool]] | None:
    """Likewise, with whether it may not run, and whether all is known of it; None where something is not followed."""
    found = read_commands(text_of_file("line", line), ".", checkout, str(checkout), dict(VALUES))
    if found.not_followed:
        return None
    calls = []
    for each in found.commands:
        if each.program in PROGRAMS:
            folder = "?" if each.directory is None else os.path.normpath(checkout / each.directory)
            is_known = each.directory is not None and all(word.is_known for word in each.words)
            calls.append(
                ((folder, each.program, *(word.text for word in each.arguments)), each.is_conditional, is_known)
            )
    return calls


def is_same(ours: tuple[tuple[str, ...], bool, bool], theirs: tuple[str, ...]) -> bool:
    call, _, is_known = ours
    return call == theirs if is_known else call[1] == theirs[1] and call[0] in ("?", theirs[0])


def is_run(ours: list[tuple[tuple[str, ...], bool, bool]], theirs: list[tuple[str, ...]]) -> bool:
    """Whether bash's calls are ours, but for some of those that may not run."""
    if not ours:
        return not theirs
    first, *rest = ours
    if theirs and is_same(first, theirs[0]) and is_run(rest, theirs[1:]):
        return True
    return first[1] and is_run(rest, theirs)


@given(line=lines)
@example(line="pip a && uv b || gunicorn c")
@example(line="cd 'app' && pip > log a b")
@example(line="bash ./build.sh x; (cd app && pip y); pip z")
@example(line="work() {\ncd app\npip $1\n}\nwork 1\nwork 2")
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_bash_runs_is_what_is_read(
    line: str, checkout: Path, programs: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    theirs = by_bash(line, checkout, programs, checkout.parent / "notes")
    ours = by_us(line, checkout)
    is_piped = "|" in line.replace("||", "")
    if theirs is None or ours is None or (is_piped and not all(is_known for _, _, is_known in ours)):
        return
    # The two sides of a pipe, and what is put into a word, run at the same time as what stands beside them.
    if is_piped:
        ours, theirs = sorted(ours), sorted(theirs)
    assert is_run(ours, theirs), f"{line}\nbash: {theirs}\nours: {ours}"

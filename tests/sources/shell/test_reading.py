"""What a command line runs. Each command is shown as ``directory> words``, with a ``?`` behind it if it may not run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_deploycheck.sources.shell.command import Command, Commands
from pytest_deploycheck.sources.shell.reading import read_commands
from pytest_deploycheck.sources.shell.text import text_of_file

CHECKOUT = "/opt/render/project/src"


def read(
    line: str, root: Path, files: Mapping[str, str] | None = None, environment: Mapping[str, str | None] | None = None
) -> Commands:
    for path, content in (files or {}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return read_commands(text_of_file("line", line), ".", root, CHECKOUT, environment or {})


def shown(command: Command) -> str:
    words = " ".join(each.text for each in command.words)
    return f"{command.directory}> {words}{' ?' if command.is_conditional else ''}"


def places(commands: Commands) -> list[str]:
    return [f"{each.location.path}:{each.location.line}:{each.location.column}" for each in commands.commands]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a; b && c\nd & e", [".> a", ".> b", ".> c", ".> d", ".> e"]),
        ("a || b", [".> a", ".> b ?"]),
        ("a && b || c && d", [".> a", ".> b", ".> c ?", ".> d ?"]),
        ("[ -f x ] && a", [".> a ?"]),
        ("test -f x && a", [".> test -f x", ".> a ?"]),
        ("a | b", [".> a", ".> b"]),
        ("! a", [".> a"]),
        ("a # b", [".> a"]),
        ("a \\\n  b", [".> a b"]),
        ("a > log 2>&1 < in", [".> a"]),
        ("{ a; b; } > log", [".> a", ".> b"]),
        ("if a; then b; elif c; then d; else e; fi", [".> a", ".> b ?", ".> c ?", ".> d ?", ".> e ?"]),
        ("while a; do b; done", [".> a ?", ".> b ?"]),
        ("for x in 1 2; do a $x; done", [".> a 1", ".> a 2"]),
        ("for x in $(ls); do a $x; done", [".> ls", ".> a $x ?"]),
        ("case $X in 1) a;; *) b;; esac", [".> a ?", ".> b ?"]),
        ("f() { a $1; }; f 1; f 2", [".> a 1", ".> a 2"]),
        ("f() { f; a; }; f", [".> a", ".> a"]),
        ("exit 1; a", []),
        ("a || exit 1; b", [".> a", ".> b"]),
        ("(exit); a", [".> a"]),
        ("exec a; b", [".> a"]),
        ("eval 'a; b'", [".> a", ".> b"]),
        ("sh -ec 'a; b'", [".> a", ".> b"]),
        ("cat > x <<EOF\na\nEOF\nb", [".> cat", ".> b"]),
        ("X=$(a) b", [".> a", ".> b"]),
        ('b <<< "$(a)"', [".> a", ".> b"]),
        ("c > $(a) < <(b)", [".> a", ".> b", ".> c"]),
        ("b <(a)", [".> a", ".> b <(a)"]),
    ],
)
def test_which_commands_run(line: str, expected: list[str], tmp_path: Path) -> None:
    assert [shown(each) for each in read(line, tmp_path).commands] == expected


@pytest.mark.parametrize(
    ("line", "directory"),
    [
        ("cd app; a", "app"),
        ("cd app/; cd ../web && a", "web"),
        ("(cd app); a", "."),
        ("cd app | true; a", "."),
        ("cd /opt/render/project/src/app && a", "app"),
        ('cd "$(pwd)/app"; a', "app"),
        ("cd $PWD/app; a", "app"),
        ('cd "$(git rev-parse --show-toplevel)"; a', "."),
        ("D=app; cd $D; a", "app"),
        ("cd app || exit 1; a", "app"),
        ("cd; a", None),
        ("cd -; a", None),
        ("cd app; cd ../web; cd -; a", "app"),
        ("if x; then cd app; fi; cd web; cd -; a", None),
        ("cd app; cd -; cd -; a", "app"),
        ("cd ~/app; a", None),
        ("cd $WHERE; a", None),
        ("cd ..; a", None),
        ("cd /tmp; a", None),
        ("if x; then cd app; fi; a", None),
        ("pushd app; popd; a", "."),
        ("pushd app; pushd inner; popd; a", "app"),
        ("pushd app; pushd /tmp; popd; popd; a", "."),
        ("pushd app > /dev/null; popd > /dev/null; a", "."),
        ("popd; a", None),
        ("pushd app; pushd; a", None),
        ("pushd app; pushd; popd; a", None),
        ("pushd app; popd +0; a", None),
        ("if x; then pushd app; fi; popd; a", None),
        ("pushd app; bash -c popd; a", "app"),
        ("while x; do cd app; done; a", None),
    ],
)
def test_where_a_command_runs(line: str, directory: str | None, tmp_path: Path) -> None:
    *_, last = read(line, tmp_path).commands
    assert (str(last), last.directory) == ("a", directory)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a 'b c' \"d e\" f\\ g", ["a", "b c", "d e", "f g"]),
        ("a \"b\"c'd'", ["a", "bcd"]),
        ("A='1 2'; a $A \"$A\"", ["a", "1", "2", "1 2"]),
        ('a "$NAME/x" ${NAME}', ["a", "value/x", "value"]),
        ("a ${NAME:-other} ${EMPTY:-other}", ["a", "value", "${EMPTY:-other}"]),
        ("unset NAME; a $NAME", ["a", "$NAME"]),
        ('a "\\$NAME \\" \\x"', ["a", '$NAME " \\x']),
        ("a '$NAME'", ["a", "$NAME"]),
        ("N=1 a $N", ["a", "$N"]),
        ("A=1 B=2\na $A", ["a", "1"]),
        ("export A=1 B; declare -x C=2; a $A $C", ["a", "1", "2"]),
        ("a b[c]", ["a", "b[c]"]),
        ("a b>=1", ["a", "b"]),
        ("set -- b 'c d'; a $2 \"$2\" $#", ["a", "c", "d", "c d", "2"]),
        ("set b; a $1", ["a", "b"]),
        ("set -euo pipefail b; a $1", ["a", "b"]),
        ("set -- b c; set -e; a $1", ["a", "b"]),
        ("set -- b c d; shift; shift 1; a $1 $2 end", ["a", "d", "end"]),
        ("f() { shift; a \"$@\"; }; f 'b c' 'd e'", ["a", "d e"]),
        ("f() { set -- x; }; set -- b; f; a $1", ["a", "b"]),
        ("set -- 'b c' d; a $@ \"$*\"", ["a", "b", "c", "d", "b c d"]),
        ("bash -c 'a $1' name b", ["a", "b"]),
        ("set -- b; bash -c 'a $1 $#'", ["a", "0"]),
        ('set -- x "$SECRET" b; a $3', ["a", "b"]),
        ("set -- b; . ./shift.sh; a $#", ["a", "0"]),
        ("set -- b; . ./shift.sh c d; a $#", ["a", "1"]),
    ],
)
def test_what_a_program_is_given(line: str, words: list[str], tmp_path: Path) -> None:
    files = {"shift.sh": "shift\n"}
    *_, last = read(line, tmp_path, files, {"NAME": "value", "SECRET": None}).commands
    assert [each.text for each in last.words] == words


@pytest.mark.parametrize(
    "line",
    [
        "a $1",
        "set -- $SECRET b; a $2",
        "set -- $SECRET b; a $#",
        "set -- $SECRET b; shift; a $1",
        "set $SECRET b; a $1",
        "set -- b; shift 2; a $1",
        "set -- b; shift $SECRET; a $1",
        "set -- b; if x; then shift; fi; a $1",
        "set -- b c; while x; do a $1; shift; done",
        "set -- b c; for each in $SECRET; do a $1; shift; done",
        "N=1; while x; do a $N; N=2; done",
    ],
)
def test_what_may_be_one_thing_or_another_is_not_known(line: str, tmp_path: Path) -> None:
    last = next(
        each for each in reversed(read(line, tmp_path, environment={"SECRET": None}).commands) if str(each)[0] == "a"
    )
    assert [each.is_known for each in last.words] == [True, False]


@pytest.mark.parametrize(
    "line",
    [
        "cd 'app' && a > log b c",
        "a >> log b 2> f c",
        "a b 2>&1 c",
        "a < log b c",
        "a &> log b c",
        "a <<< log b c",
        "a b > log <<< 'log' c",
        "a >&- b c <&2",
        "> log a b c",
        "a > log \\\n  b c",
        "! a > log b c",
        "x | a > log b c",
        "if x; then a > log b c; fi",
        "a > $LOG b c",
        "a <<END b c\nd\nEND\n",
        "a > log <<-END b > log c\nd\n\tEND\n",
        "a <<X b <<Y c\nd it's\nX\nd\nY\n",
    ],
)
def test_words_behind_a_redirection_are_the_program_s(line: str, tmp_path: Path) -> None:
    *_, last = read(line, tmp_path).commands
    assert [each.text for each in last.words] == ["a", "b", "c"]
    lines = line.splitlines()
    assert [lines[each.location.line - 1][each.location.column - 1] for each in last.words] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a <<END && b\nc\nEND\nd", ["a", "b", "d"]),
        ("a <<END | b\nc\nEND\nd", ["a", "b", "d"]),
        ("a <<X && b <<Y\nc\nX\nc\nY\nd", ["a", "b", "d"]),
        ('a "$(b <<END\nit\'s\nEND\n)"\nd', ["b", 'a "$(b <<END\nit\'s\nEND\n)"', "d"]),
        ("a <<END\n$(c) 'c\nEND\nd", ["a", "d"]),
        ("a 'b\n' <<END\nc\nEND\nd", ["a 'b\n'", "d"]),
        ("a << END", ["a"]),
    ],
)
def test_a_here_document_is_no_command(line: str, expected: list[str], tmp_path: Path) -> None:
    found = read(line, tmp_path)
    assert ([str(each) for each in found.commands], found.mistakes) == (expected, ())


@pytest.mark.parametrize(
    ("line", "outputs"),
    [
        ("a && b > f", [(), ("f",)]),
        ("a > f b >> g", [("f", "g")]),
        ("a 2>&1 >&2 < f", [()]),
        ("a; > f b", [(), ("f",)]),
        ("{ a; b > f; } > g", [("g",), ("f", "g")]),
        ("f() { a; } > f; f; b", [("f",), ()]),
        ("while a; do b; done > f", [("f",), ("f",)]),
        ("a | b > f c", [(), ("f",)]),
        ("exec a > f", [("f",)]),
        ('a > "$NAME"', [("value",)]),
    ],
)
def test_the_files_that_output_is_written_to(line: str, outputs: list[tuple[str, ...]], tmp_path: Path) -> None:
    assert [each.outputs for each in read(line, tmp_path, environment={"NAME": "value"}).commands] == outputs


def test_a_file_may_be_made_without_a_command(tmp_path: Path) -> None:
    (remark,) = read("> x.sh; bash x.sh", tmp_path).not_followed
    assert remark.reason == "x.sh is made by a command before it"


@pytest.mark.parametrize("word", ["$SECRET", '"$SECRET"', "${OTHER:-1}", "*.txt", "~/x", "$(a)", "`a`", "$((1+2))"])
def test_what_is_not_known_stands_as_it_is_written(word: str, tmp_path: Path) -> None:
    *_, last = read(f"a {word}", tmp_path, environment={"SECRET": None}).commands
    assert (last.words[1].text, last.words[1].is_known) == (word.strip('"'), False)


def test_a_value_is_not_shown(tmp_path: Path) -> None:
    (command,) = read("a https://$NAME@host", tmp_path, environment={"NAME": "value"}).commands
    assert (command.words[1].text, str(command)) == ("https://value@host", "a https://$NAME@host")


@pytest.mark.parametrize(
    "line",
    [
        "a -x $NAME",
        'bash -c "a -x $NAME"',
        "eval a -x $NAME",
        "bash -c \"bash -c 'a -x $NAME'\"",
        "make",
    ],
)
def test_a_value_is_not_shown_from_wherever_it_was_put_in(line: str, tmp_path: Path) -> None:
    makefile = {"Makefile": "all:\n\ta -x $(NAME)\n"}
    *_, last = read(line, tmp_path, makefile, {"NAME": "a-secret-value"}).commands
    assert (last.words[-1].text, str(last)) == ("a-secret-value", "a -x $NAME")


def test_the_login_of_a_url_is_not_shown(tmp_path: Path) -> None:
    (command,) = read("a https://user:word@host https://$USER:$WORD@host", tmp_path).commands
    assert str(command) == "a https://****@host https://$USER:$WORD@host"


@pytest.mark.parametrize(
    "line",
    [
        "a" + " && a" * 3000,
        "a $(b > " * 200 + ")" * 200,
        "".join(f"f{n}() {{ f{n + 1}; f{n + 1}; }}; " for n in range(40)) + "f40() { a; }; f0",
    ],
)
def test_what_is_too_long_to_read_is_said(line: str, tmp_path: Path) -> None:
    *_, remark = read(line, tmp_path).not_followed
    assert remark.reason == "it is too long to be read here"


def test_what_commands_set_is_the_environment_of_those_behind_them(tmp_path: Path) -> None:
    first, second = read("A=1 a; export B=2 C=$X; b", tmp_path, environment={"D": "3"}).commands
    assert (first.environment, second.environment) == ({"A": "1"}, {"B": "2", "C": None})


@pytest.mark.parametrize(
    ("line", "words", "wrappers"),
    [
        ("python -m pip install x", "pip install x", ("python -m",)),
        ("python3.12 -u -W ignore -m pip install x", "pip install x", ("python -m",)),
        ("python app.py", "python app.py", ()),
        (".venv/bin/gunicorn a:b", ".venv/bin/gunicorn a:b", ()),
        ("poetry run gunicorn a:b", "gunicorn a:b", ("poetry run",)),
        ("uv run --with x --no-sync -- python -m a", "a", ("uv run", "python -m")),
        ("sudo -u me env A=1 a", "a", ("sudo", "env")),
        ("timeout -k 5 60 a b", "a b", ("timeout",)),
        ("nohup nice -n 5 a", "a", ("nohup", "nice")),
        ("poetry install", "poetry install", ()),
        ("env", "env", ()),
    ],
)
def test_the_program_behind_what_wraps_it(line: str, words: str, wrappers: tuple[str, ...], tmp_path: Path) -> None:
    (command,) = read(line, tmp_path).commands
    assert (str(command), command.wrappers) == (words, wrappers)


def test_the_name_of_a_program_is_without_its_folder(tmp_path: Path) -> None:
    assert read(".venv/bin/gunicorn a", tmp_path).commands[0].program == "gunicorn"


BUILD = '#!/usr/bin/env bash\nset -e\ncd "$(dirname "$0")"\npip install $1\n'


def test_a_script_is_read_where_it_is_run(tmp_path: Path) -> None:
    found = read("bash app/build.sh flask; b", tmp_path, {"app/build.sh": BUILD})
    assert [shown(each) for each in found.commands] == [
        ".> set -e",
        ".> dirname $0",
        f".> cd {CHECKOUT}/app",
        "app> pip install flask",
        ".> b",
    ]
    assert places(found)[3:] == ["app/build.sh:4:1", "line:1:26"]
    assert [(each.path, each.is_program, each.is_there) for each in found.scripts] == [("app/build.sh", False, True)]


def test_a_program_of_the_repository_needs_to_be_executable(tmp_path: Path) -> None:
    scripts = read("./build.sh; chmod +x build.sh; ./build.sh", tmp_path, {"build.sh": "a\n"}).scripts
    assert [(each.is_program, each.is_made_executable) for each in scripts] == [(True, False), (True, True)]


@pytest.mark.parametrize("mode", ["+x", "u+x", "a+rx", "755", "0775"])
def test_the_ways_to_make_executable(mode: str, tmp_path: Path) -> None:
    (script,) = read(f"chmod {mode} ./build.sh && ./build.sh", tmp_path, {"build.sh": "a\n"}).scripts
    assert script.is_made_executable


def test_a_sourced_script_changes_what_follows(tmp_path: Path) -> None:
    found = read(". ./env.sh; a $X", tmp_path, {"env.sh": "export X=1\ncd app\n"})
    assert shown(found.commands[-1]) == "app> a 1"


def test_a_script_of_another_language_is_a_program(tmp_path: Path) -> None:
    found = read("./manage.py migrate", tmp_path, {"manage.py": "#!/usr/bin/env python\nimport os\n"})
    assert [shown(each) for each in found.commands] == [".> ./manage.py migrate"]
    assert [each.path for each in found.scripts] == ["manage.py"]


def test_a_script_that_is_missing_is_named(tmp_path: Path) -> None:
    found = read("a && ./build.sh", tmp_path)
    assert [(each.path, each.is_there, each.location.column) for each in found.scripts] == [("build.sh", False, 6)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("curl -o x.sh https://host/x && bash x.sh", "x.sh is made by a command before it"),
        ("curl https://host/x | sh", "what it reads from its input is not known here"),
        ('sh -c "$COMMAND"', "what it runs is only known when it runs"),
        ("make build", "there is no makefile to be read"),
        ("bash $SCRIPT", "where it lies is not known here"),
        ("bash a.sh", "it leads back to itself"),
    ],
)
def test_what_is_not_followed_is_said(line: str, reason: str, tmp_path: Path) -> None:
    found = read(line, tmp_path, {"a.sh": "bash a.sh\n"})
    assert [each.reason for each in found.not_followed] == [reason]


def test_programs_that_a_build_makes_are_no_files_of_the_repository(tmp_path: Path) -> None:
    found = read("python -m venv .venv && . .venv/bin/activate && .venv/bin/pip install x", tmp_path)
    assert (found.scripts, found.not_followed) == ((), ())


MAKEFILE = """\
PIP = pip3
PIP += --quiet
all: test
.PHONY: build
build: deps  # first
\t@$(PIP) install -r r.txt && \\
\t  cd x
\ta $$HOME $(UNKNOWN) $(shell ls -l)
deps: ; -b
"""


def test_a_makefile_is_read_from_the_target_on(tmp_path: Path) -> None:
    found = read("make -C app build", tmp_path, {"app/Makefile": MAKEFILE})
    assert [shown(each) for each in found.commands] == [
        "app> b",
        "app> pip3 --quiet install -r r.txt",
        "app> cd x",
        "app> a $HOME ${UNKNOWN} ${shell}",
    ]
    assert places(found)[0] == "app/Makefile:9:10"


def tolerated(commands: Commands) -> list[str]:
    return [str(each) for each in commands.commands if each.is_tolerated]


def test_a_line_of_a_makefile_that_begins_with_a_minus_may_fail(tmp_path: Path) -> None:
    makefile = "all: other\n\t-a || b\n\t@-c\n\td -e\n\t@ -exec f\nother:\n\tg\n"
    assert tolerated(read("make", tmp_path, {"Makefile": makefile})) == ["a", "b", "c", "f"]


@pytest.mark.parametrize(
    ("line", "end", "expected"),
    [
        ("make", "", []),
        ("make", ".IGNORE:\n", ["a", "b"]),
        ("make", ".IGNORE: needs\n", ["b"]),
        ("make -i", "", ["a", "b"]),
        ("make -k", "", []),
    ],
)
def test_the_ways_to_have_make_go_on_where_something_fails(
    line: str, end: str, expected: list[str], tmp_path: Path
) -> None:
    makefile = f"all: needs\n\ta\nneeds:\n\tb\n{end}"
    assert sorted(tolerated(read(line, tmp_path, {"Makefile": makefile}))) == expected


def test_the_lines_of_a_recipe_have_a_shell_each(tmp_path: Path) -> None:
    found = read("make", tmp_path, {"Makefile": "all:\n\tcd app\n\ta\n"})
    assert [shown(each) for each in found.commands] == [".> cd app", ".> a"]


def test_the_lines_of_a_recipe_have_one_shell_where_make_is_asked_for_it(tmp_path: Path) -> None:
    makefile = ".ONESHELL:\nF = app\nall:\n\t@cd $(F)\n\t@X=1; \\\n\t  a $$X\n\t-if b; then\n\tc\n\tfi\n"
    found = read("make", tmp_path, {"Makefile": makefile})
    assert [shown(each) for each in found.commands] == [".> cd app", "app> a 1", "app> b", "app> c ?"]
    assert places(found)[0] == "Makefile:4:3"
    assert places(found)[2:] == ["Makefile:7:6", "Makefile:8:2"]
    assert tolerated(found) == ["b"]


CONDITIONAL = """\
FILE = a.txt
ifdef CI
FILE = b.txt
ifeq ($(CI),1)
  OTHER ?= c.txt
endif
else
FILE += d.txt
endif
all: sure
\ta $(FILE) $(OTHER)
ifdef CI
\tb
all: perhaps
endif
\tc
sure:
\td
perhaps: needed
\te
needed: sure
\tf
"""


def test_what_stands_under_a_condition_of_a_makefile_may_be_so_or_not(tmp_path: Path) -> None:
    found = read("make", tmp_path, {"Makefile": CONDITIONAL}, {"FILE": "x"})
    assert [shown(each) for each in found.commands] == [
        *(".> d", ".> f ?", ".> e ?", ".> a ${FILE} ${OTHER}", ".> b ?", ".> c"),
    ]
    assert [each.is_known for each in found.commands[3].words] == [True, False, False]


def test_a_variable_that_make_is_given_does_not_depend_on_a_condition(tmp_path: Path) -> None:
    found = read("make FILE=y OTHER=z", tmp_path, {"Makefile": CONDITIONAL})
    assert shown(found.commands[3]) == ".> a y z"


def test_what_is_needed_for_certain_too_is_certain(tmp_path: Path) -> None:
    makefile = "all: a b\n\nifdef X\na: c\nendif\na:\n\ta\nb: c\n\tb\nc:\n\tc\n"
    assert [shown(each) for each in read("make", tmp_path, {"Makefile": makefile}).commands] == [".> c", ".> a", ".> b"]


def test_the_text_that_a_makefile_defines_is_no_rule(tmp_path: Path) -> None:
    makefile = "all:\n\ta $(TEXT)\ndefine TEXT\n\tb\nall: c\nendef\nc:\n\tc\n"
    assert [shown(each) for each in read("make", tmp_path, {"Makefile": makefile}).commands] == [".> a ${TEXT}"]


def test_a_target_without_a_rule_is_not_followed(tmp_path: Path) -> None:
    (remark,) = read("make install", tmp_path, {"Makefile": MAKEFILE}).not_followed
    assert remark.reason == "Makefile has no rule for what it is to make"


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("a && b 'c", 8, "the quote here is not closed"),
        ('a "b', 3, "the quote here is not closed"),
        ("a; (b", 4, "the ( here is not closed"),
    ],
)
def test_what_no_shell_can_read(line: str, column: int, reason: str, tmp_path: Path) -> None:
    (mistake,) = read(line, tmp_path).mistakes
    assert (mistake.location.column, mistake.reason) == (column, reason)


def test_what_cannot_be_read_here_may_be_right(tmp_path: Path) -> None:
    found = read("if a; then b", tmp_path)
    assert (found.mistakes, [each.reason for each in found.not_followed]) == ((), ["it cannot be read here"])


def test_windows_line_ends_and_odd_characters_are_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "build.sh").write_bytes("é\r\npip install x\r\n".encode())
    found = read("bash build.sh", tmp_path)
    assert shown(found.commands[-1]) == ".> pip install x"
    assert places(found)[-1] == "build.sh:2:1"

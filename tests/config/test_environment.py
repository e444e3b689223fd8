"""`config/environment.sh`: which Python is taken, and what a person is told when none suits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent

OLD = """#!/bin/sh
if [ "$1" = --version ]; then echo "Python 3.9.2"; exit 0; fi
exit 1
"""
WITHOUT_VENV = f"""#!/bin/sh
case "$2" in
    *ensurepip*) exit 1 ;;
    *) exec {sys.executable} "$@" ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs: what a very plain machine has."""
    for name in ("sh", "cat", "cmp", "cp", "awk"):
        for folder in ("/bin", "/usr/bin"):
            if Path(folder, name).exists():
                (tmp_path / name).symlink_to(Path(folder, name))
                break
    return tmp_path


def source(machine: Path, script: str = "needs=run; . config/environment.sh") -> subprocess.CompletedProcess[str]:
    clone = machine / "clone"
    (clone / "config").mkdir(parents=True)
    (clone / "config" / "environment.sh").write_bytes((PROJECT / "config" / "environment.sh").read_bytes())
    env = {"PATH": str(machine), "LC_ALL": "C"}
    return subprocess.run(["/bin/sh", "-c", script], cwd=clone, env=env, capture_output=True, text=True, check=False)


def program(machine: Path, name: str, text: str) -> None:
    (machine / name).write_text(text)
    (machine / name).chmod(0o755)


def test_a_machine_without_python_is_told_what_to_install(machine: Path) -> None:
    done = source(machine)

    assert done.returncode == 1
    assert "apt install python3 python3-venv" in done.stderr


def test_a_python_that_is_too_old_is_named(machine: Path) -> None:
    program(machine, "python3", OLD)

    done = source(machine)

    assert done.returncode == 1
    assert "Tresen needs Python 3.11, 3.12 or 3.13 with venv; found: Python 3.9.2." in done.stderr


def test_a_python_without_venv_is_told_its_apt_line(machine: Path) -> None:
    program(machine, "python3", WITHOUT_VENV)

    done = source(machine)

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert done.returncode == 1
    assert f"apt install python{version}-venv" in done.stderr


def test_a_given_interpreter_is_used_as_it_is(machine: Path) -> None:
    done = source(machine, 'TRESEN_PYTHON=/opt/python; needs=run; . config/environment.sh; echo "$python"')

    assert (done.returncode, done.stdout) == (0, "/opt/python\n")


def test_requirements_are_installed_again_only_when_they_changed(machine: Path) -> None:
    pip = machine / "pip"
    program(machine, "python3", f'#!/bin/sh\ncase "$*" in *\'pip install\'*) echo "$@" >> {pip};; esac\nexit 0\n')
    install = """
        mkdir -p .venv/bin; ln -s "$OLDPWD/python3" .venv/bin/python; : > .venv/ready
        needs=run
        echo a > requirements-run.txt; (. config/environment.sh); (. config/environment.sh)
        echo b > requirements-run.txt; (. config/environment.sh)
    """

    done = source(machine, f"PATH=$PATH:{os.defpath}; cd ..; cd clone; {install}")

    assert done.returncode == 0, done.stderr
    assert pip.read_text().count("--require-hashes -r requirements-run.txt") == 2

"""The examples as their READMEs tell people to run them: a copy of the folder, the Secrets it says to make, the flags it says to give."""

import re
import shlex
import shutil
from pathlib import Path

from tests.support.processes import ROOT
from tools.example_secret import secret

EXAMPLES = ROOT / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir() and list(path.glob("*.yaml")))

BACKEND = re.compile(r"--backend (?P<service>[\w-]+)=127\.0\.0\.1:\d+")
SECRET = re.compile(r"-m tools\.example_secret (?P<arguments>.*?) > examples/(?P<file>\S+)")
ROW = re.compile(r"^\| (?P<request>`.+?) \| (?P<backend>[a-z]+)(?:: \d+)? \|", re.MULTILINE)


def readme(name: str) -> str:
    """The example's README."""
    return (EXAMPLES / name / "README.md").read_text()


def services(name: str) -> list[str]:
    """The Services that get their endpoints by --backend."""
    return ["api", "web"] if name == "quickstart" else BACKEND.findall(readme(name))


def prepare(name: str, folder: Path) -> Path:
    """Copy the committed manifests of an example into `folder` and make its Secrets."""
    manifests = folder / name
    shutil.copytree(EXAMPLES / name, manifests, ignore=shutil.ignore_patterns("*.generated.yaml", "__pycache__"))
    if name == "quickstart":
        (manifests / "secure.generated.yaml").write_text(secret("secure-example-com", ["secure.example.com"]))
    for arguments, file in SECRET.findall(readme(name)):
        *options, secret_name, host = shlex.split(arguments)
        key_type = "rsa" if options == ["--key", "rsa"] else "ecdsa"
        (folder / file).write_text(secret(secret_name, [host], key_type=key_type))
    return manifests


def requests(name: str) -> list[tuple[str, str]]:
    """The rows of the README's table: a request's host or path as written, and the backend that answers ("none" for 404)."""
    return [(match["request"], match["backend"]) for match in ROW.finditer(readme(name))]

"""`genkan validate`: every mistake in a directory of manifests, by file and line; nothing runs."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from genkan.cli.plain import plain
from genkan.ir import Capabilities, Condition
from genkan.offline import Translated, translate_all
from genkan.settings import Settings
from genkan.sources.backends import parse_backend
from genkan.sources.directory.contents import load
from genkan.translate.ingress import expiry
from genkan.validation.check import missing_class
from genkan.validation.check import validate as mistakes_of


@click.command("validate", short_help="Report every mistake.")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR")
@click.option("--cluster", is_flag=True, help="Also report what a Kubernetes API server would refuse.")
@click.option("--backend", "backends", multiple=True, metavar="[NS/]SERVICE[:PORT]=HOST:PORT", help="As in serve.")
def validate(*, directory: Path, cluster: bool, backends: tuple[str, ...]) -> None:
    """Report every mistake in the manifests below DIR with file, line, object, field and reason.

    Exit code 1 if there is any. An Ingress of another controller's class is noted, which is no mistake; a class that does not exist is one.
    """
    contents = load(directory, backends=[parse_backend(text) for text in backends])
    # Loopback addresses are right for `genkan serve` and wrong in a cluster.
    translated = list(translate_all(contents.stores, Settings(allow_loopback_endpoints=not cluster), Capabilities()))
    conditions = [condition for each in translated for condition in conditions_of(each, datetime.now(UTC))]
    classes = {key.name for key, _ in contents.stores.classes.items()}
    classless = {each.ingress.key: told for each in translated if (told := missing_class(each.ingress, classes))}
    conditions += classless.values()
    problems = mistakes_of(contents.readings, contents.problems, conditions, cluster=cluster)
    for problem in problems:
        click.echo(plain(str(problem)))
    for each in translated:
        if each.adoption.condition is not None and each.ingress.key not in classless:
            note = f"note: {each.adoption.condition.origin}: not served: {each.adoption.condition.message}"
            click.echo(plain(note))
    for kind, count in contents.ignored.items():
        click.echo(plain(f"note: {kind}: {count} ignored, this kind is not read"))
    files = len(contents.readings)
    counted = f"{len(problems)} mistake{'' if len(problems) == 1 else 's'}" if problems else "no mistakes"
    click.echo(f"{files} file{'' if files == 1 else 's'}, {len(translated)} Ingress(es): {counted}", err=True)
    sys.exit(1 if problems else 0)


def conditions_of(translated: Translated, now: datetime) -> Iterator[Condition]:
    """Give everything there is to tell of one Ingress that is ours."""
    translation = translated.translation
    if translation is not None:
        yield from translation.told
        yield from expiry.conditions(translation.traffic, now)

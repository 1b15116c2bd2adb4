"""`genkan translate`: the pipeline offline, stage by stage; also what the golden files hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from genkan.offline import ANYWHERE, Translated, translate_all
from genkan.settings import Settings
from genkan.translate import Translation

SETTINGS = Settings(allow_loopback_endpoints=True)


@click.command("translate", short_help="Print a stage of the pipeline.")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR")
@click.option(
    "--to",
    "stage",
    type=click.Choice(["ir", "envoy", "workload", "status"]),
    required=True,
    help="ir: what was understood; envoy: the xDS resources; workload: what would run; status: what the user would be told.",
)
@click.option("--backend", "backends", multiple=True, metavar="[NS/]SERVICE[:PORT]=HOST:PORT", help="As in serve.")
def translate(*, directory: Path, stage: str, backends: tuple[str, ...]) -> None:
    """Print what every Ingress below DIR becomes, as one YAML document each; nothing runs.

    Private keys are shown as digests. Ingresses of other controllers are left out.
    """
    from genkan.ir import Capabilities
    from genkan.ir.text import to_yaml
    from genkan.sources.backends import parse_backend
    from genkan.sources.directory.contents import load

    stores = load(directory, backends=tuple(parse_backend(text) for text in backends)).stores
    documents = [
        {"ingress": str(each.ingress.key), stage: STAGES[stage](each, each.translation)}
        for each in translate_all(stores, SETTINGS, Capabilities())
        if each.translation is not None
    ]
    click.echo("---\n".join(to_yaml(document) for document in documents), nl=False)


def to_ir(translated: Translated, translation: Translation) -> Any:  # noqa: ARG001 - every stage takes the same
    """Traffic and endpoint sets."""
    from genkan.ir.text import Document, to_plain

    return to_plain(Document(translation.traffic, translation.endpoints))


def to_envoy(translated: Translated, translation: Translation) -> Any:  # noqa: ARG001 - same
    """Listeners, routes, clusters, endpoints and secrets."""
    from genkan.dataplanes.envoy.render import render
    from genkan.dataplanes.envoy.text import to_text

    return to_text(render(translation.traffic, translation.endpoints, ANYWHERE, SETTINGS).snapshot)


def to_workload(translated: Translated, translation: Translation) -> Any:  # noqa: ARG001 - same
    """Command line, files and ports."""
    from genkan.dataplanes.envoy.workload import workload
    from genkan.ir.text import to_plain

    return to_plain(workload(str(translated.ingress.key), ANYWHERE, SETTINGS, "envoy"))


def to_status(translated: Translated, translation: Translation) -> Any:  # noqa: ARG001 - same
    """What the user would be told."""
    from genkan.ir.text import to_plain

    return to_plain(translation.told)


STAGES: dict[str, Callable[[Translated, Translation], Any]] = {
    "ir": to_ir,
    "envoy": to_envoy,
    "workload": to_workload,
    "status": to_status,
}

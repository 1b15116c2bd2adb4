"""`genkan explain`: which rule answers a request, which Service and endpoints, or why none does, quoting the manifest."""

from collections.abc import Iterator
from pathlib import Path

import click

from genkan.cli.options import ingress_key, state_dir_option
from genkan.cli.plain import plain
from genkan.cli.quote import block
from genkan.cli.remembered import remember
from genkan.errors import ConfigError
from genkan.infrastructure.host.state import find_state_dir, read_served
from genkan.ir import Capabilities, Cluster, DnsTarget, Forward, Origin, Respond, Route
from genkan.model import ObjectKey, ObjectRef
from genkan.offline import Translated, translate_one
from genkan.settings import Settings
from genkan.sources.backends import parse_backend
from genkan.sources.directory.contents import Contents, load
from genkan.sources.stores import service_of
from genkan.translate import Translation
from genkan.translate.ingress.lookup import Lookup, find


@click.command("explain", short_help="Explain what answers a request.")
@click.argument("ingress", metavar="INGRESS")
@click.option("--host", help="The request's host, with or without port. Default: the Ingress's first host.")
@click.option("--path", default="/", show_default=True, help="The request's path.")
@click.option(
    "--scheme", type=click.Choice(["http", "https"]), default="http", show_default=True, help="The request's scheme."
)
@click.option("-n", "--namespace", default="default", show_default=True, help="The namespace of a bare name.")
@state_dir_option
def explain(*, ingress: str, host: str | None, path: str, scheme: str, namespace: str, state_dir: Path | None) -> None:
    """Say what happens to a request that reaches the address of INGRESS (NAME or NAMESPACE/NAME).

    Reads the manifests as they are now, with the same translation as serve; nothing is sent. Also says why an Ingress is not ours.
    What cannot be read now counts as it was when it was last read well, as for serve.
    """
    if not path.startswith("/"):
        raise click.BadParameter(f"{path!r} is no path of a request: it begins with /", param_hint="--path")
    directory = find_state_dir(state_dir)
    served = read_served(directory)
    if served is None:
        raise ConfigError(f"{directory} does not say what was served from it; run genkan serve on it once")
    contents = load(Path(served.directory), backends=[parse_backend(text) for text in served.backends])
    remember(contents, directory / "last-good")
    key = ObjectKey(*ingress_key(ingress, namespace))
    if key not in contents.stores.ingresses:
        raise ConfigError(f"there is no Ingress {key} in {served.directory}; {instead(contents)}")
    for line in unread(contents, ObjectRef("Ingress", *key)):
        click.echo(plain(line))
    translated = translate_one(contents.stores, key, Settings(allow_loopback_endpoints=True), Capabilities())
    if translated.translation is None:
        click.echo(plain(f"Ingress {key} is not served: {not_adopted(translated)}"))
        return
    wanted = host if host is not None else first_host(translated)
    lookup = find(translated.translation.traffic, scheme, wanted, path)
    for line in answer(contents, translated.translation, lookup, f"{scheme}://{wanted or '(address)'}{path}"):
        click.echo(plain(line))


def instead(contents: Contents) -> str:
    """Say what there is when an Ingress is not, and which files could hold it unseen."""
    known = ", ".join(str(each) for each, _ in sorted(contents.stores.ingresses.items())) or "none"
    problems = "".join(f"\n  {each}" for each in contents.problems if is_unread(contents, each.file))
    return f"there is: {known}" + (f"; not all can be read:{problems}" if problems else "")


def unread(contents: Contents, ref: ObjectRef) -> Iterator[str]:
    """Say what is wrong with the file of an object that cannot be read now, and what counts instead."""
    position = contents.position(ref)
    if position is not None and is_stale(contents, position.file, ref):
        yield from (str(each) for each in contents.problems if each.file == position.file)
        yield f"note: {position.file} cannot be read as it is now; what it said when it was last read well is served"


def is_stale(contents: Contents, file: str, ref: ObjectRef) -> bool:
    """Tell whether an object stands as its file said before, and not as it says now."""
    return ref not in contents.readings[file].objects


def is_unread(contents: Contents, file: str) -> bool:
    """Tell whether a file may hold more than could be read of it."""
    reading = contents.readings.get(file)
    return reading is not None and (reading.opaque or bool(reading.refused))


def not_adopted(translated: Translated) -> str:
    """Say why an Ingress is not ours."""
    condition = translated.adoption.condition
    return f"{condition.origin.field}: {condition.message}" if condition else "it is not ours"


def first_host(translated: Translated) -> str:
    """Return a host that the Ingress's first rule matches, "" for any."""
    rules = translated.ingress.spec.rules
    return rules[0].host.replace("*", "www", 1) if rules else ""


def answer(contents: Contents, translation: Translation, lookup: Lookup, request: str) -> Iterator[str]:
    """Give the lines of the answer."""
    yield request
    yield from (f"  {step}" for step in lookup.steps)
    route = lookup.route
    if route is None:
        status = "no connection" if lookup.listener is None else "404"
        yield f"answer: {status}"
        return
    yield from quoted(contents, route.origin)
    yield from outcome(contents, translation, route)
    clusters = [] if isinstance(route.action, Respond) else clusters_of(translation, route.action)
    for condition in translation.told:
        if concerns(condition.origin, route, clusters, contents):
            yield f"note: {condition.reason}: {condition.origin}: {condition.message}"


def outcome(contents: Contents, translation: Translation, route: Route) -> Iterator[str]:
    """Say what the route does, and with which endpoints."""
    if isinstance(route.action, Respond):
        yield f"answer: {route.action.status}, {route.action.body.strip()}"
        return
    for cluster in clusters_of(translation, route.action):
        protocol = f"{cluster.protocol}{' over TLS' if cluster.tls else ''}"
        yield f"backend: {cluster.name} ({protocol})"
        yield from quoted(contents, cluster.origin)
        if isinstance(cluster.target, DnsTarget):
            yield f"  endpoints: whatever {cluster.target.host} resolves to, port {cluster.target.port}"
            continue
        found = next((each for each in translation.endpoints if each.name == cluster.target), None)
        shown = [f"{each.address}:{each.port}" for each in found.endpoints] if found else []
        yield f"  endpoints: {', '.join(shown) if shown else 'none is ready, so the answer is 503'}"


def clusters_of(translation: Translation, action: Forward) -> list[Cluster]:
    """Return the clusters that an action names."""
    by_name = {each.name: each for each in translation.traffic.clusters}
    return [by_name[each.cluster] for each in action.clusters]


def concerns(origin: Origin, route: Route, clusters: list[Cluster], contents: Contents) -> bool:
    """Tell whether a condition is about this route: its field, or the Service that it leads to.

    What there is to tell of a Service stands at the first field that names it, which may be another path's.
    """
    services = {each.name.partition(":")[0] for each in clusters}
    if origin.kind == "EndpointSlice":
        found = contents.stores.slices.get(ObjectKey(origin.namespace, origin.name))
        return found is not None and str(service_of(found)) in services
    if origin.kind == "Service":
        return f"{origin.namespace}/{origin.name}" in services
    fields = [route.origin.field, *(each.origin.field for each in clusters)]
    return origin.kind == route.origin.kind and any(
        origin.field.startswith(field) or field.startswith(origin.field) for field in fields
    )


def quoted(contents: Contents, origin: Origin) -> Iterator[str]:
    """Quote the user's manifest; nothing for what stands in no file (a --backend flag)."""
    ref = ObjectRef(origin.kind, origin.namespace, origin.name)
    position = contents.position(ref, origin.field)
    if position is None:
        return
    if is_stale(contents, position.file, ref):
        yield f"  {position.file}  {origin}, as it was when it was last read well"
        return
    yield f"  {position.file}:{position.line}  {origin}"
    lines = (contents.root / position.file).read_text(errors="replace").splitlines()
    yield from (f"    {line}" for line in block(lines, position.line))

"""The reference pages that are made from code: `python -m tools.gen_docs` writes them, `--check` tells which are out of date.

Text stands where it is used (help texts, docstrings, the table of reasons); these pages only arrange it.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import cleandoc
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"


def commands() -> Iterator[str]:
    """Every command with its arguments, options and exit codes, from click."""
    from genkan.cli import genkan
    from genkan.cli.options import EXIT_CODES

    yield "# Commands\n"
    yield "`genkan COMMAND --help` prints the same. Colours appear on a terminal only.\n"
    context = click.Context(genkan, info_name="genkan")
    for name in genkan.list_commands(context):
        command = genkan.get_command(context, name)
        if command is None:
            raise LookupError(name)
        own = click.Context(command, info_name=name, parent=context)
        yield f"## genkan {name}\n"
        yield f"```text\n{' '.join(command.get_usage(own).split()).removeprefix('Usage: ')}\n```\n"
        yield f"{cleandoc(command.help or '')}\n"
        yield "| option | meaning |\n|---|---|"
        options = [
            each for each in command.get_params(own) if isinstance(each, click.Option) and "--help" not in each.opts
        ]
        records = [record for each in options if (record := each.get_help_record(own))]
        yield "\n".join(f"| `{cell(flags)}` | {cell(text)} |" for flags, text in records) + "\n"
    yield f"## Exit codes\n\n{listed(cleandoc(EXIT_CODES))}"


def listed(exit_codes: str) -> str:
    """Turn the help text's sentence about exit codes into a list."""
    text = " ".join(exit_codes.replace("\b", "").split()).removeprefix("Exit codes: ").removesuffix(".")
    return "\n".join(
        f"- `{code}`: {meaning}." for code, _, meaning in (part.partition(" ") for part in text.split("; "))
    )


def settings() -> Iterator[str]:
    """Every field of Settings and every limit of the data plane, from the docstrings below them."""
    yield "# Settings and limits\n"
    yield "## Settings\n"
    yield (
        "What holds for a whole controller. `genkan serve` uses the defaults, except that it accepts loopback endpoints;\n"
        "`--envoy` sets the program. The others cannot be set from the command line yet.\n"
    )
    yield "| setting | default | meaning |\n|---|---|---|"
    module = import_module("genkan.settings")
    body = next(node for node in parsed("genkan/settings.py").body if isinstance(node, ast.ClassDef)).body
    for names, text in documented(body):
        default = getattr(module.Settings(), names[0])
        yield f"| `{names[0]}` | {f'`{default}`' if default != '' else 'empty'} | {cell(text)} |"
    yield "\n## Limits of a data plane\n"
    limits = parsed("genkan/dataplanes/envoy/limits.py")
    yield f"{(ast.get_docstring(limits) or '').partition(chr(10) + chr(10))[2]}\n"
    yield "| limit | value | reason |\n|---|---|---|"
    values = import_module("genkan.dataplanes.envoy.limits")
    for names, text in documented(limits.body):
        shown = [spoken(name, getattr(values, name)) for name in names]
        yield f"| {'<br>'.join(words for words, _ in shown)} | {'<br>'.join(value for _, value in shown)} | {cell(text)} |"


def spoken(name: str, value: float) -> tuple[str, str]:
    """Split a constant's name into words and its value with a unit."""
    units: dict[str, Callable[[float], str]] = {
        "_SECONDS": lambda number: f"{number:g} s",
        "_KILOBYTES": lambda number: f"{number:g} KiB",
        "_BYTES": lambda number: f"{number / 1024:g} KiB" if number < 1024**2 else f"{number / 1024**2:g} MiB",
    }
    for suffix, unit in units.items():
        if name.endswith(suffix):
            kind = "time" if suffix == "_SECONDS" else "size"
            return f"{name.removesuffix(suffix).replace('_', ' ').lower()} {kind}", unit(value)
    return name.replace("_", " ").lower(), "none" if value == 2**32 - 1 else f"{value:,}"


def conditions() -> Iterator[str]:
    """Every reason, from the table beside them."""
    from genkan.ir import Reason
    from genkan.ir.reasons import REASONS

    yield "# Conditions and Event reasons\n"
    yield (
        "What Genkan tells about an Ingress: as an Event (`genkan get events`), as a line of `genkan validate` and `genkan explain`.\n"
        "Every Event names object and field. Its message says what exactly; this page says what the reason means and what to do.\n"
    )
    yield "| reason | meaning | what to do |\n|---|---|---|"
    yield from (f"| `{reason}` | {REASONS[reason].meaning} | {REASONS[reason].action} |" for reason in Reason)


def metrics() -> Iterator[str]:
    """Every metric, from the registry."""
    from genkan.telemetry import Telemetry

    yield "# Metrics\n"
    yield "`genkan serve --metrics-bind-address HOST:PORT` serves them at `/metrics`. No metric is labelled by Ingress.\n"
    yield "| metric | type | meaning |\n|---|---|---|"
    for family in sorted(Telemetry().registry.collect(), key=lambda each: each.name):
        suffix = "_total" if family.type == "counter" else ""
        yield f"| `{family.name}{suffix}` | {family.type} | {cell(family.documentation)}. |"


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "commands": commands,
    "settings": settings,
    "conditions": conditions,
    "metrics": metrics,
}


def parsed(path: str) -> ast.Module:
    """Read a module of the product as a syntax tree."""
    return ast.parse((SOURCE / path).read_text())


def documented(body: list[ast.stmt]) -> Iterator[tuple[list[str], str]]:
    """Give each docstring below assignments, with the names assigned since the last one."""
    names: list[str] = []
    for node in body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                names.append(name)
            case ast.Expr(value=ast.Constant(value=str(text))) if names:
                yield names, cleandoc(text)
                names = []
            case _:
                names = []


def cell(text: str) -> str:
    """Make text fit a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def rendered(name: str) -> str:
    """Give one page's text."""
    head, *rest = PAGES[name]()
    return "\n".join([head, "<!-- made by tools/gen_docs.py; edit the code, then run `make docs` -->\n", *rest]) + "\n"


def breaches(root: Path) -> list[str]:
    """Every page that differs from what the code says."""
    pages = {root / "docs/reference" / f"{name}.md": rendered(name) for name in PAGES}
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text() != text]
    return [f"{path.relative_to(root)}:1: out of date: run `make docs`" for path in stale]


def main() -> int:
    """Write the pages, or only compare them."""
    if "--check" in sys.argv[1:]:
        found = breaches(ROOT)
        print("\n".join(found))
        return 1 if found else 0
    for name in PAGES:
        (ROOT / "docs/reference" / f"{name}.md").write_text(rendered(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())

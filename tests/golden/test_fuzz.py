"""Envoy accepts whatever translation makes of whatever users write."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis.strategies import booleans

from genkan.dataplanes.envoy.render import render
from genkan.ir import Capabilities
from genkan.model import Inputs
from genkan.settings import Settings
from genkan.translate.ingress import translate
from tests.golden.stages import BINDING
from tests.golden.validate import refusal
from tests.unit.translate.ingress.strategies import gathered


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all examples."""
    return tmp_path_factory.mktemp("envoy")


@settings(derandomize=True, max_examples=50, deadline=None)
@given(gathered(), booleans())
def test_envoy_accepts_every_output(folder: Path, given_: Inputs, loopback: bool) -> None:
    """The real program reads every resource; fifty Ingresses, the same in every run."""
    wanted = Settings(allow_loopback_endpoints=loopback)
    translation = translate(given_, wanted, Capabilities())
    snapshot = render(translation.traffic, translation.endpoints, BINDING, wanted).snapshot
    assert refusal(snapshot, folder) == ""

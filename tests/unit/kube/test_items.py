"""Objects out of pages."""

import pytest

from genkan.errors import TransientError
from genkan.kube.items import Bad, ItemDecoder, Named
from genkan.model import Service

DECODER = ItemDecoder(Service)


def page(*items: str) -> bytes:
    return ('{"metadata":{"resourceVersion":"5","continue":"next"},"items":[' + ",".join(items) + "]}").encode()


GOOD = '{"metadata":{"name":"web","namespace":"shop"},"spec":{}}'
BAD = '{"metadata":{"name":"odd","namespace":"shop","resourceVersion":"4"},"spec":5}'


def test_a_page() -> None:
    """Items, version, and where it goes on."""
    read = DECODER.page(page(GOOD))
    assert [one.metadata.name for one in read.items] == ["web"]
    assert (read.bad, read.version, read.token) == ([], "5", "next")


@pytest.mark.parametrize("body", [b"{}", b'{"metadata":{},"items":null}', page()], ids=["no-items", "null", "empty"])
def test_an_empty_page(body: bytes) -> None:
    """Go writes an empty list as null at times."""
    assert DECODER.page(body).items == []


def test_a_bad_item_is_set_aside() -> None:
    """With its name and what is wrong; its neighbours stay."""
    read = DECODER.page(page(GOOD, BAD, GOOD))
    assert len(read.items) == 2
    assert [one.metadata for one in read.bad] == [Named("odd", "shop", "4")]
    assert "Expected `object`, got `int` - at `$.spec`" in read.bad[0].error


def test_an_item_without_a_readable_name_is_bad_too() -> None:
    """Nothing about it can be trusted."""
    bad = DECODER.item(b'{"metadata":[]}')
    assert isinstance(bad, Bad)
    assert bad.metadata == Named()


@pytest.mark.parametrize("body", [b"", b"<html>", page(GOOD)[:-3], b"[]", b'{"items":{}}'])
def test_what_is_no_list_is_no_empty_list(body: bytes) -> None:
    """Else everything would look deleted."""
    with pytest.raises(TransientError):
        DECODER.page(body)

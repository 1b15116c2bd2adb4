"""Text from manifests on a terminal: what is no visible character is shown as its escape and does nothing."""


def plain(text: str) -> str:
    r"""Return the text on one line, with control, format and other unprintable characters escaped as Python writes them: \x1b."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )

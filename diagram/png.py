"""The picture as PNG, for what shows no SVG."""

import hashlib
import struct
import zlib

import font_roboto
import resvg_py

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_SIZE = 25
"""Of the chunk that must come first: https://www.w3.org/TR/png-3/#11IHDR"""
ZOOM = 2
KEYWORD = b"SVG-SHA256"


def png(light_svg: str) -> bytes:
    """Renders a picture without a dark theme. A text in the file says of which SVG it is."""
    rendered = bytes(
        resvg_py.svg_to_bytes(
            svg_string=light_svg,
            font_files=[font_roboto.Roboto, font_roboto.RobotoBold],
            sans_serif_family="Roboto",
            font_family="Roboto",
            skip_system_fonts=True,
            zoom=ZOOM,
        )
    )
    start = len(SIGNATURE) + HEADER_SIZE
    return rendered[:start] + _mark(light_svg) + rendered[start:]


def is_of(rendered: bytes, light_svg: str) -> bool:
    """Whether the PNG was rendered from this SVG."""
    return _mark(light_svg) in rendered


def _mark(light_svg: str) -> bytes:
    """A chunk of text, as https://www.w3.org/TR/png-3/#11tEXt describes it."""
    content = b"tEXt" + KEYWORD + b"\0" + hashlib.sha256(light_svg.encode()).hexdigest().encode()
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))

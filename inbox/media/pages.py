"""PDF: its first pages as pictures. The document itself never reaches a browser's page."""

from pathlib import Path

import pypdfium2

from inbox.media.made import PAGE, PREVIEW, Made
from inbox.media.pictures import saved

PAGES = 5
PAGE_BOX = (1240, 1754)  # A4 at 150 dpi
PREVIEW_BOX = (640, 900)


def prepare(source: Path, folder: Path) -> Made:
    """Pages that cannot be drawn are left out; a document under a password gives nothing."""
    document = pypdfium2.PdfDocument(source)
    made = Made(page_count=len(document))
    for index in range(min(PAGES, len(document))):
        page = document[index]
        width, height = page.get_size()
        scale = min(PAGE_BOX[0] / max(width, 1), PAGE_BOX[1] / max(height, 1))
        picture = page.render(scale=scale, may_draw_forms=False).to_pil()
        made.files.append(saved(picture, PAGE, folder / f"page-{index + 1}.webp", PAGE_BOX, index + 1))
        if index == 0:
            made.files.append(saved(picture, PREVIEW, folder / "preview.webp", PREVIEW_BOX))
        page.close()
    return made

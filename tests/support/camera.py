"""What a phone's camera reads off a page: the picture as it is shown, not the text beside it."""

import io

import zxingcpp
from PIL import Image
from playwright.sync_api import Page


def qr_codes(page: Page) -> list[str]:
    """The texts of the QR codes in a screenshot of what the window shows."""
    shown = Image.open(io.BytesIO(page.screenshot()))
    formats = zxingcpp.BarcodeFormat.QRCode
    return [found.text for found in zxingcpp.read_barcodes(shown, formats=formats)]

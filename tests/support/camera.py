"""Reads from a page what a phone's camera would read: the picture, not the text beside it."""

import io

import zxingcpp
from PIL import Image
from playwright.sync_api import Page


def qr_codes(page: Page) -> list[str]:
    """Return the texts of the QR codes in a screenshot of the window."""
    shown = Image.open(io.BytesIO(page.screenshot()))
    formats = zxingcpp.BarcodeFormat.QRCode
    return [found.text for found in zxingcpp.read_barcodes(shown, formats=formats)]

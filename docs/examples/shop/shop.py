"""A small shop: upload product photos from the browser, watch them being processed, show them in a grid and large.

    ./scripts/run                                            (in one terminal: the image service)
    pip install '.[flask]' && python docs/examples/shop/shop.py   (in another)

Anybody who reaches it may upload, and products live in memory: put your own login and database in their places.
"""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from flask import Flask, Response, abort, jsonify, render_template, request

from imageservice_operator.operations.stack import Stack
from imageservice_web import ImageLinks
from imageservice_web.flask import Images
from imageservice_web.reads import ImageReads, NotAvailable
from imageservice_web.uploads import SignedWithIam, UploadRefused, Uploads


@dataclass(frozen=True)
class Product:
    """`width` and `height` are the photo's, in pixels: with them, pages keep its place until it arrives."""

    id: str
    name: str
    image_id: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class ImageService:
    """How this shop reaches the service. `bucket` is the origin that browsers post photos to."""

    links: ImageLinks
    reads: ImageReads
    uploads: Uploads
    bucket: str

    @classmethod
    def of_stack(cls, stack: Stack) -> ImageService:
        """The local stack's, or a deployed one's with your own AWS credentials."""
        links = ImageLinks(stack.outputs["CdnUrl"])
        session = boto3.Session()
        if stack.file:
            session = boto3.Session(stack.file.access_key_id, stack.file.secret_access_key)
        bucket = stack.endpoint_url or f"https://{stack.outputs['SourceBucketName']}.s3.amazonaws.com"
        uploads = Uploads(stack.outputs["ApiUrl"], SignedWithIam(session, stack.region))
        return cls(links, ImageReads(links), uploads, bucket)


def make_app(service: ImageService) -> Flask:
    """The shop's pages, and the three calls that its upload form makes."""
    app = Flask(__name__)
    app.config["IMAGE_SERVICE_URL"] = service.links.url
    Images(app)
    products: dict[str, Product] = {}

    @app.after_request
    def strict(response: Response) -> Response:
        """No inline script or style, and images from nowhere else but the file that the browser has."""
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; img-src {service.links.url} blob:; "
            f"connect-src 'self' {service.links.url} {service.bucket}"
        )
        return response

    @app.errorhandler(UploadRefused)
    @app.errorhandler(NotAvailable)
    def refused(error: UploadRefused | NotAvailable) -> tuple[Response, int]:
        return jsonify(detail=error.detail), 502

    @app.get("/")
    def grid() -> str:
        return render_template("grid.html", products=list(products.values()))

    @app.get("/products/<product_id>")
    def product(product_id: str) -> str:
        return render_template("product.html", product=products.get(product_id) or abort(404))

    @app.get("/admin")
    def admin() -> str:
        return render_template("admin.html", products=list(products.values()))

    @app.post("/admin/forms")
    def form() -> Response:
        """A presigned form for the photo of a new product or of a known one, with the photo's text."""
        known = products.get(request.json["product"])
        image_id = known.image_id if known else f"shop/{secrets.token_hex(8)}"
        text: dict[str, Any] = {name: value for name, value in request.json["text"].items() if value}
        if "tags" in text:
            text["tags"] = list(dict.fromkeys(filter(None, map(str.strip, text["tags"].split(",")))))
        focus = request.json["focus"]
        return jsonify(service.uploads.form(image_id, request.json["type"], focus=focus, text=text))

    @app.post("/admin/products")
    def save() -> Response:
        """Puts a product on sale once its photo is READY. The browser's word is not taken for it."""
        image_id, name = str(request.json["image_id"]), str(request.json["name"]).strip()
        if not image_id.startswith("shop/") or not name:
            abort(400)
        photo: dict[str, Any] = service.reads.metadata(image_id)
        alt = photo.get("text", {}).get("alt", name)
        saved = Product(image_id.removeprefix("shop/"), name, image_id, alt, photo["width"], photo["height"])
        products[saved.id] = saved
        return jsonify(page=f"/products/{saved.id}")

    return app


if __name__ == "__main__":
    here = Stack.find(os.environ.get("IMAGES_STACK", "local"), state_dir=Path(".local"))
    make_app(ImageService.of_stack(here)).run(port=int(sys.argv[1]) if sys.argv[1:] else 8000)

"""What the backend of a site uses: links and HTML for its pages, and signed uploads.

links       links to images, and an <img> that needs no request
reads       an image's metadata, and the state of an upload
uploads     the calls that write, signed with IAM or carrying a JWT
flask       an extension: `image_url` and `image` in Jinja templates
django      an app: `{% image_url %}` and `{% image %}` in templates

The extras [flask] and [django] of the package install the frameworks. docs/integrating.md has an example of each.
"""

from imageservice_web.links import ImageLinks

__all__ = ["ImageLinks"]

"""The rendition plans of the simulated service."""

from imageservice.core.rendition_plan import RenditionPlan

PLANS = tuple(
    RenditionPlan.from_document({"sizes": [{"name": name, "width": width}], "formats": ["webp", "fallback"]})
    for name, width in (("small", 4), ("medium", 6))
)
CROPPED = RenditionPlan.from_document(
    {
        "sizes": [{"name": "small", "width": 4}, {"name": "square", "width": 3, "height": 3, "fit": "cover"}],
        "formats": ["webp", "fallback"],
    }
)
PRIVATE = RenditionPlan.from_document(
    {
        "sizes": [{"name": "small", "width": 4}],
        "formats": ["webp", "fallback"],
        "access": "private",
    }
)

"""The CloudFront distribution of template.yaml on loopback: one edge that routes, caches and purges.

    distribution    what the template says about it: behaviors, cache key, tag header, functions
    function        the template's CloudFront Function, run in QuickJS
    event           a viewer's request as that function's event, and the result as a request
    signed_urls     URLs that a key group signs
    store           the cache: how long an answer stays fresh, and what a purge removes
    origins         the API and the renditions' bucket
    app             a viewer's request on its way through all of these
    service         the edge, served

Left out: stale-while-revalidate, ranges, compression, several edges, and any delay: a purge is complete at once.
"""

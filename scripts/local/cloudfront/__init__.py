"""The CloudFront distribution of template.yaml, played on loopback: routing, edge cache, tags, invalidations.

    distribution    what the template says of it: behaviours, cache key, tag header
    viewer_request  the template's CloudFront Function
    store           what is kept, for how long, and what a purge takes
    origins         the API and the renditions' bucket
    app             a viewer's request, from the one to the other
    service         all of it, served

Not played: stale-while-revalidate, ranges, compression, several edges, and any wait: a purge is through at once.
"""

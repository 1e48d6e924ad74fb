"""What the functions share: a pure core first, then the few modules that touch the world.

    errors original plan identity manifest negotiation    pure: standard library only
    engine/                                                pixels: alone imports Pillow
    cache  table  objects                                  Redis, DynamoDB, S3
    settings  observability                                environment, logs and metrics
"""

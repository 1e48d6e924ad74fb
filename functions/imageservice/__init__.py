"""What the functions share: a pure core first, then the few modules that touch the world.

errors original plan identity manifest assignment negotiation reprocessing http    pure: standard library only
engine/                                                 pixels: alone imports Pillow
lookup                                                  the read path: cache first, then table
failures/                                               what broke, told to whom it concerns
cache  table  originals  renditions  presigning         Redis, DynamoDB, S3
clients  settings  observability  request_log           AWS clients, environment, logs and metrics
"""
